/*
 * The engine as an FFI caller in Node sees it (src/host/engine.ts): plain numbers and strings in, a report out.
 *
 * A report is a list of texts, each ended by a NUL. The function that makes it runs on a worker thread and returns its
 * length; hot_node_take_report copies it out. The caller makes one call at a time, so that one report is enough, and
 * no memory of the caller's has to stay in place while a worker runs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hotmod_engine.h"
#include "trial.h"

HOT_EXPORT int32_t hot_node_start(const char *status_path, const char *copies_path, double rate, int32_t stepped);
HOT_EXPORT int32_t hot_node_inherit(const char *path);
HOT_EXPORT int32_t hot_node_stage(const char *module, uint32_t generation, const char *library, const char *entry,
                                   const char *imports);
HOT_EXPORT void hot_node_set_recovery(uint32_t probation_frames, uint32_t restart_max, uint32_t restart_within_ms,
                                      int32_t frame_copies, double copy_limit, uint32_t policies,
                                      int32_t retry_once);
HOT_EXPORT int32_t hot_node_commit(const char *modules);
HOT_EXPORT int32_t hot_node_give_plan(const char *module, int32_t what, double size, const uint8_t *plan,
                                      int32_t plan_size, const uint8_t *must_hold, int32_t must_count,
                                      int32_t old_image, int32_t way_back);
HOT_EXPORT int32_t hot_node_probe(const char *module);
HOT_EXPORT int32_t hot_node_try(const char *module, uint32_t frames, double dt, uint32_t looks, double state_limit,
                                double patience_ms, const char *one, const char *other);
HOT_EXPORT int32_t hot_node_revert(const char *module);
HOT_EXPORT int32_t hot_node_stats(void);
HOT_EXPORT int32_t hot_node_kept(void);
HOT_EXPORT int32_t hot_node_views(void);
HOT_EXPORT int32_t hot_node_take_report(uint8_t *bytes, int32_t capacity);
HOT_EXPORT int32_t hot_node_take_fault(uint8_t *bytes, int32_t capacity);
HOT_EXPORT int32_t hot_node_take_recovered(uint8_t *bytes, int32_t capacity);
HOT_EXPORT void hot_node_exit(int32_t status);

typedef struct report {
  char *bytes;
  size_t length;
  size_t capacity;
} report_t;

static report_t report;

/* A report that memory is too short for ends early; the reader on the other side notices. */
static void put_text(report_t *to, const char *text) {
  size_t size = strlen(text) + 1;
  if (to->length + size > to->capacity) {
    size_t capacity = (to->length + size) * 2;
    char *bytes = realloc(to->bytes, capacity);
    if (bytes == NULL) return;
    to->bytes = bytes;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->length, text, size);
  to->length += size;
}

static void put_integer(report_t *to, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  put_text(to, text);
}

static void put_signed(report_t *to, int value) {
  char text[32];
  snprintf(text, sizeof text, "%d", value);
  put_text(to, text);
}

static void put_real(report_t *to, double value) {
  char text[64];
  snprintf(text, sizeof text, "%.17g", value);
  put_text(to, text);
}

/* What the loader knows of an address: its library, and the exported function that begins before it. */
static void put_symbol(report_t *to, const hot_stack_frame_t *frame) {
  Dl_info found;
  uintptr_t address = (uintptr_t)frame->pc - ((frame->flags & HOT_FRAME_RETURN) != 0);
  bool known = dladdr((const void *)address, &found) != 0;
  put_text(to, known && found.dli_fname != NULL ? found.dli_fname : "");
  put_text(to, known && found.dli_sname != NULL ? found.dli_sname : "");
}

/* Frames, registers, vector registers: each its number and then what it is made of (src/host/stack.ts). */
static void put_stack(report_t *to, const hot_stack_t *stack) {
  put_integer(to, stack->left_out);
  put_integer(to, stack->count);
  for (size_t n = 0; n < stack->count; n++) {
    const hot_stack_frame_t *frame = &stack->frames[n];
    const hot_stack_image_t *image = frame->image == 0 ? NULL : &stack->images[frame->image - 1];
    put_integer(to, frame->pc);
    put_integer(to, frame->flags);
    put_integer(to, image == NULL ? 0 : image->base);
    put_integer(to, image == NULL ? 0 : image->generation);
    put_text(to, image == NULL ? "" : image->module);
    put_symbol(to, frame);
  }
  put_integer(to, stack->register_count);
  for (size_t n = 0; n < stack->register_count; n++) put_integer(to, stack->registers[n]);
  put_integer(to, stack->vector_words);
  for (size_t n = 0; n < stack->vector_words; n++) put_integer(to, stack->vectors[n]);
}

static void put_failure(const hot_failure_t *failure) {
  put_integer(&report, failure->problem);
  put_integer(&report, failure->step);
  put_signed(&report, failure->value);
  put_signed(&report, failure->signal);
  put_integer(&report, failure->address);
  put_text(&report, failure->module);
  put_text(&report, failure->call);
  put_text(&report, failure->text);
  if (failure->problem == HOT_CRASHED) put_stack(&report, &failure->stack);
}

static int32_t finished(void) { return (int32_t)report.length; }

/* copies_path: empty for none. */
int32_t hot_node_start(const char *status_path, const char *copies_path, double rate, int32_t stepped) {
  hot_options_t options = {.status_path = status_path,
                           .rate = rate,
                           .stepped = stepped,
                           .mark_output = 1,
                           .copies_path = copies_path[0] == 0 ? NULL : copies_path};
  return hot_engine_start(&options) == 0 ? 0 : errno;
}

static void put_inherited(const char *module, uint32_t generation, void *list) {
  put_text(list, module);
  put_integer(list, generation);
}

int32_t hot_node_inherit(const char *path) {
  static report_t list;
  uint64_t frame;
  list.length = 0;
  size_t count = hot_inherit(path, &frame, put_inherited, &list);
  report.length = 0;
  put_integer(&report, frame);
  put_integer(&report, count);
  for (size_t at = 0; at < list.length; at += strlen(list.bytes + at) + 1) put_text(&report, list.bytes + at);
  return finished();
}

/* copy_limit: bytes. policies: that of each kind of crash, four bits each, the first kind in the lowest. */
void hot_node_set_recovery(uint32_t probation_frames, uint32_t restart_max, uint32_t restart_within_ms,
                           int32_t frame_copies, double copy_limit, uint32_t policies, int32_t retry_once) {
  hot_recovery_t recovery = {.probation_frames = probation_frames,
                             .restart_max = restart_max,
                             .restart_within_ms = restart_within_ms,
                             .frame_copies = frame_copies,
                             .frame_copy_limit = (uint64_t)copy_limit,
                             .retry_once = retry_once};
  for (int kind = 0; kind < HOT_CRASH_KINDS; kind++) recovery.policy[kind] = (hot_policy_t)(policies >> kind * 4 & 15);
  hot_set_recovery(&recovery);
}

/* entry: seven lists of names in the order of hot_entry_names_t, separated by semicolons. */
int32_t hot_node_stage(const char *module, uint32_t generation, const char *library, const char *entry,
                       const char *imports) {
  report.length = 0;
  hot_entry_names_t names = {0};
  const char **fields[] = {&names.get_interface, &names.init,       &names.update, &names.shutdown,
                           &names.save_state,    &names.load_state, &names.view};
  hot_module_facts_t facts;
  hot_failure_t failure = {.problem = HOT_NO_MEMORY};
  char *lists = strdup(entry);
  char *rest = lists;
  for (size_t n = 0; n < sizeof fields / sizeof fields[0]; n++) *fields[n] = strsep(&rest, ";");
  if (lists != NULL) hot_stage_module(module, generation, library, 1, &names, imports, &facts, &failure);
  free(lists);
  put_failure(&failure);
  if (failure.problem != HOT_OK) return finished();
  put_integer(&report, facts.has_interface != 0);
  put_text(&report, facts.name);
  put_text(&report, facts.version);
  put_integer(&report, facts.api_version);
  put_integer(&report, facts.hooks);
  put_integer(&report, facts.has_view != 0);
  return finished();
}

static void put_findings(const hot_finding_t *findings, size_t count) {
  put_integer(&report, count);
  for (size_t n = 0; n < count; n++) {
    put_integer(&report, findings[n].check);
    put_integer(&report, findings[n].count);
    put_integer(&report, findings[n].value);
    put_integer(&report, findings[n].round);
  }
}

static void put_committed(const hot_committed_t *done) {
  put_text(&report, done->module);
  put_integer(&report, done->state_bytes);
  put_integer(&report, done->state_kept != 0);
  put_integer(&report, done->state_dropped != 0);
  put_integer(&report, done->old_image_kept != 0);
  put_integer(&report, done->steps_run);
  for (size_t step = 0; step < HOT_STEP_COUNT; step++) put_integer(&report, done->step_ns[step]);
  put_findings(done->findings, done->finding_count);
}

/* modules: names separated by slashes, which no folder's name contains. */
int32_t hot_node_commit(const char *modules) {
  report.length = 0;
  size_t count = 1;
  for (const char *at = modules; *at != 0; at++) count += *at == '/';
  char *copy = strdup(modules);
  const char **names = calloc(count, sizeof *names);
  hot_committed_t *done = calloc(count, sizeof *done);
  hot_commit_report_t commit = {.failure = {.problem = HOT_NO_MEMORY}};
  if (copy != NULL && names != NULL && done != NULL) {
    char *rest = copy;
    for (size_t n = 0; n < count; n++) names[n] = strsep(&rest, "/");
    hot_commit(names, count, done, &commit);
  }
  put_failure(&commit.failure);
  put_integer(&report, commit.pause_ns);
  put_integer(&report, commit.frame);
  for (size_t n = 0; commit.failure.problem == HOT_OK && n < count; n++) put_committed(&done[n]);
  free(done);
  free(names);
  free(copy);
  return finished();
}

/* must_hold: numbers of 32 bits. way_back: it is the plan of hot_give_return. The answer is a hot_problem_t. */
int32_t hot_node_give_plan(const char *module, int32_t what, double size, const uint8_t *plan, int32_t plan_size,
                           const uint8_t *must_hold, int32_t must_count, int32_t old_image, int32_t way_back) {
  uint32_t *numbers = calloc((size_t)must_count + 1, sizeof *numbers);
  if (numbers == NULL) return HOT_NO_MEMORY;
  memcpy(numbers, must_hold, (size_t)must_count * sizeof *numbers);
  hot_transfer_request_t request = {.what = what == 0 ? HOT_TRANSFER_VARIABLES : HOT_TRANSFER_SAVED,
                                    .old_image = (hot_old_image_t)old_image,
                                    .size = (size_t)size,
                                    .plan = plan,
                                    .plan_size = (size_t)plan_size,
                                    .must_hold = numbers,
                                    .must_count = (size_t)must_count};
  hot_problem_t problem = way_back ? hot_give_return(module, &request) : hot_give_transfer(module, &request);
  free(numbers);
  return (int32_t)problem;
}

int32_t hot_node_probe(const char *module) {
  report.length = 0;
  const hot_finding_t *findings = NULL;
  size_t count = 0;
  hot_failure_t failure;
  hot_probe(module, &findings, &count, &failure);
  put_failure(&failure);
  put_findings(findings, count);
  return finished();
}

int32_t hot_node_revert(const char *module) {
  report.length = 0;
  uint32_t generation = 0;
  hot_failure_t failure;
  hot_revert_module(module, &generation, &failure);
  put_failure(&failure);
  put_integer(&report, generation);
  return finished();
}

int32_t hot_node_try(const char *module, uint32_t frames, double dt, uint32_t looks, double state_limit,
                     double patience_ms, const char *one, const char *other) {
  report.length = 0;
  trial_request_t request = {.module = module,
                             .frames = frames,
                             .dt = dt,
                             .looks = looks,
                             .state_limit = (uint64_t)state_limit,
                             .patience_ns = (uint64_t)(patience_ms * 1e6),
                             .paths = {one, other}};
  hot_failure_t failure;
  hot_try_versions(&request, &failure);
  put_failure(&failure);
  return finished();
}

int32_t hot_node_stats(void) {
  report.length = 0;
  static hot_module_stats_t modules[1024];
  const size_t capacity = sizeof modules / sizeof modules[0];
  hot_stats_t stats;
  hot_get_stats(&stats, modules, capacity);
  put_integer(&report, stats.frame);
  put_real(&report, stats.rate);
  put_integer(&report, stats.paused != 0);
  put_real(&report, stats.tick_us);
  put_integer(&report, stats.kept_images);
  for (size_t n = 0; n < stats.modules && n < capacity; n++) {
    put_text(&report, modules[n].module);
    put_integer(&report, modules[n].generation);
    put_integer(&report, modules[n].frames);
    put_integer(&report, modules[n].running != 0);
    put_integer(&report, modules[n].critical != 0);
    put_text(&report, modules[n].why);
    put_integer(&report, modules[n].recovery_ns);
  }
  return finished();
}

/* More are told some other time: the first of them are closed sooner or later. */
#define KEPT_TOLD 256

int32_t hot_node_kept(void) {
  report.length = 0;
  hot_kept_image_t *images = calloc(KEPT_TOLD, sizeof *images);
  size_t count = images == NULL ? 0 : hot_kept_images(images, KEPT_TOLD);
  for (size_t n = 0; n < count && n < KEPT_TOLD; n++) {
    const hot_kept_image_t *one = &images[n];
    put_text(&report, one->module);
    put_integer(&report, one->generation);
    put_integer(&report, one->blocker);
    put_text(&report, one->holder);
    put_integer(&report, one->holder_generation);
    put_integer(&report, one->place);
    put_integer(&report, one->target);
    put_integer(&report, one->searches);
    put_signed(&report, one->thread);
    put_text(&report, one->text);
  }
  free(images);
  return finished();
}

static void put_view(const char *module, const char *text, void *context) {
  put_text(context, module);
  put_text(context, text);
}

int32_t hot_node_views(void) {
  report.length = 0;
  hot_views(put_view, &report);
  return finished();
}

static int32_t copy_out(const report_t *from, uint8_t *bytes, int32_t capacity) {
  size_t size = from->length < (size_t)capacity ? from->length : (size_t)capacity;
  if (size > 0) memcpy(bytes, from->bytes, size);
  return (int32_t)size;
}

int32_t hot_node_take_report(uint8_t *bytes, int32_t capacity) { return copy_out(&report, bytes, capacity); }

/* The oldest waiting fault as a report of its own; 0 where none waits. On the caller's thread. */
int32_t hot_node_take_fault(uint8_t *bytes, int32_t capacity) {
  hot_fault_t fault;
  if (hot_take_fault(&fault) == 0) return 0;
  report_t own = {0};
  put_text(&own, fault.module);
  put_integer(&own, fault.generation);
  put_signed(&own, fault.signal);
  put_integer(&own, fault.address);
  put_text(&own, fault.call);
  put_text(&own, fault.function);
  put_integer(&own, fault.frames);
  put_stack(&own, &fault.stack);
  put_integer(&own, fault.kind);
  put_integer(&own, fault.fate);
  put_integer(&own, fault.restored != 0);
  put_integer(&own, fault.restored_bytes);
  put_signed(&own, fault.not_restored);
  put_integer(&own, fault.recovery_ns);
  put_integer(&own, fault.went_back_count);
  for (size_t n = 0; n < fault.went_back_count; n++) {
    put_text(&own, fault.went_back[n].module);
    put_integer(&own, fault.went_back[n].from);
    put_integer(&own, fault.went_back[n].generation);
    put_integer(&own, fault.went_back[n].state);
  }
  int32_t size = copy_out(&own, bytes, capacity);
  free(own.bytes);
  return size;
}

/* The same of a module that was called again after a crash. */
int32_t hot_node_take_recovered(uint8_t *bytes, int32_t capacity) {
  hot_recovered_t recovered;
  if (hot_take_recovered(&recovered) == 0) return 0;
  report_t own = {0};
  put_text(&own, recovered.module);
  put_integer(&own, recovered.generation);
  put_integer(&own, recovered.recovery_ns);
  int32_t size = copy_out(&own, bytes, capacity);
  free(own.bytes);
  return size;
}

/* Ends the process without running what may hang or crash on the way out. Standard output is passed on. */
void hot_node_exit(int32_t status) {
  fflush(stdout);
  fflush(stderr);
  _exit(status);
}
