/*
 * The public functions: each takes the transaction lock, brings its work to the right thread and closes what is left
 * over outside the pause.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "commit.h"
#include "faults.h"
#include "guard.h"
#include "hotmod_engine.h"
#include "inherit.h"
#include "loop.h"
#include "output.h"
#include "recovery.h"
#include "revert.h"
#include "search.h"
#include "table.h"
#include "trial.h"
#include "vault.h"

static pthread_mutex_t transaction = PTHREAD_MUTEX_INITIALIZER;
static bool started;

static void clear_leftovers(void);
static void sweep(bool at_once);

/* Every change of modules: one at a time, on a thread that may be sent a signal it can handle. */
static void begin(void) {
  pthread_mutex_lock(&transaction);
  guard_thread_open();
  search_forget_stack();
  clear_leftovers();
}

static void end(void) {
  guard_thread_close();
  search_forget_stack();
  pthread_mutex_unlock(&transaction);
}

static void forget_at_boundary(void *unused) {
  (void)unused;
  search_forget_stack();
}

int hot_engine_start(const hot_options_t *options) {
  if (started) {
    errno = EALREADY;
    return -1;
  }
  if (status_open(options->status_path) != 0 || faults_open() != 0 || guard_open() != 0) return -1;
  if (options->mark_output) output_open();
  vault_open(options->copies_path);
  recovery_set(&options->recovery);
  if (loop_open(options->rate, options->stepped != 0) != 0) return -1;
  started = true;
  return 0;
}

int hot_stage_module(const char *module, uint32_t generation, const char *library, int owns_file,
                     const hot_entry_names_t *entry, const char *imports, hot_module_facts_t *facts,
                     hot_failure_t *failure) {
  memset(failure, 0, sizeof *failure);
  memset(facts, 0, sizeof *facts);
  strncpy(failure->module, module, sizeof failure->module - 1);
  begin();
  slot_t *slot = table_add(module);
  if (slot == NULL) {
    failure->problem = HOT_NO_MEMORY;
  } else {
    search_retire(slot->staged);
    table_set_transfer(slot, NULL);
    slot->staged = image_open(module, generation, library, owns_file != 0, entry, imports, failure);
    if (slot->staged != NULL) *facts = slot->staged->facts;
    if (slot->staged == NULL && slot->current == NULL) table_remove(slot);
  }
  end();
  return failure->problem == HOT_OK ? 0 : -1;
}

static void discard(slot_t *slot) {
  if (slot == NULL || slot->staged == NULL) return;
  search_retire(slot->staged);
  slot->staged = NULL;
  slot->overruled = false;
  slot->afresh = false;
  slot->expects = false;
  table_set_transfer(slot, NULL);
  if (slot->current == NULL) table_remove(slot);
}

void hot_discard_module(const char *module) {
  begin();
  discard(table_find(module));
  sweep(false);
  end();
}

void hot_overrule_module(const char *module) {
  begin();
  slot_t *slot = table_find(module);
  if (slot != NULL) slot->overruled = true;
  end();
}

void hot_start_afresh(const char *module) {
  begin();
  slot_t *slot = table_find(module);
  if (slot != NULL) slot->afresh = true;
  end();
}

/* False with the failure filled in where a module has nothing staged. */
static bool collect_parts(commit_t *commit, const char *const *modules, hot_committed_t *done) {
  for (size_t n = 0; n < commit->count; n++) {
    slot_t *slot = table_find(modules[n]);
    memset(&done[n], 0, sizeof done[n]);
    strncpy(done[n].module, modules[n], sizeof done[n].module - 1);
    if (slot == NULL || slot->staged == NULL) {
      commit->report->failure.problem = HOT_NOT_STAGED;
      strncpy(commit->report->failure.module, modules[n], HOT_NAME_MAX - 1);
      return false;
    }
    commit->parts[n] = (part_t){.slot = slot, .arriving = slot->staged, .done = &done[n]};
  }
  return true;
}

static void drop_all(const char *const *modules, size_t count) {
  for (size_t n = 0; n < count; n++) discard(table_find(modules[n]));
}

/* What going back by itself left to the engine, which must not unload while frames run. */
static void clear_leftovers(void) {
  leftover_t *one = recovery_take_leftovers();
  while (one != NULL) {
    leftover_t *next = one->next;
    search_retire(one->image);
    transfer_free(one->carried);
    transfer_free(one->way_back);
    free(one);
    one = next;
  }
}

/* Room for the versions that run and those before them; the same for the next sweep. NULL where there is no memory. */
static image_t **room_for_live(size_t *capacity) {
  static image_t **live;
  static size_t room;
  size_t slots = 0;
  while (table_at(slots) != NULL) slots++;
  if (room < 2 * slots || live == NULL) {
    size_t more = 4 * slots + 64;
    image_t **grown = realloc(live, more * sizeof(image_t *));
    if (grown == NULL) return NULL;
    live = grown;
    room = more;
  }
  *capacity = room;
  return live;
}

static void sweep(bool at_once) {
  size_t count = 0;
  size_t capacity;
  slot_t *slot;
  if (search_waiting() == 0) return;
  /* One that is not known to run must not be searched for what it points to: then nothing is unloaded this time. */
  image_t **live = room_for_live(&capacity);
  if (live == NULL) return;
  /* The engine may go back meanwhile: the version that it takes must not be seen in neither place. */
  table_lock();
  for (size_t n = 0; (slot = table_at(n)) != NULL && count < capacity; n++) {
    if (slot->current != NULL) live[count++] = slot->current;
  }
  size_t running = count;
  for (size_t n = 0; (slot = table_at(n)) != NULL && count < capacity; n++) {
    if (slot->previous != NULL) live[count++] = slot->previous;
  }
  table_unlock();
  loop_run(forget_at_boundary, NULL);
  search_sweep(live, count, running, at_once);
}

/* Of what the checks of a module's transfer found, for the report; the same list for the next call. */
static hot_finding_t *found;
static size_t found_capacity;

static size_t collect_findings(const transfer_t *transfer, size_t before) {
  size_t checks = transfer == NULL ? 0 : plan_check_count(transfer->plan);
  size_t count = before;
  for (size_t n = 0; n < checks; n++) {
    const plan_finding_t *finding = &transfer->findings[n];
    if (finding->count == 0) continue;
    if (count == found_capacity) {
      size_t more = found_capacity == 0 ? 64 : found_capacity * 2;
      hot_finding_t *grown = realloc(found, more * sizeof *grown);
      if (grown == NULL) return count;
      found = grown;
      found_capacity = more;
    }
    found[count++] = (hot_finding_t){(uint32_t)n, finding->count, finding->value, finding->round};
  }
  return count;
}

/* One that was carried out belongs to the way back now, one that was not is still the slot's. */
static const transfer_t *transfer_of(const part_t *part) {
  const slot_t *slot = part->slot;
  if (slot->transfer != NULL) return slot->transfer;
  return part->carries ? slot->carried : NULL;
}

/* Outside the pause: looks for addresses that would dangle, then unloads. */
static void finish_part(part_t *part, bool succeeded) {
  if (succeeded && part->leaving != NULL && part->slot->previous == part->leaving) {
    bool points = image_is_pointed_into(part->leaving, part->handed.data, part->handed.size);
    if (points) part->done->old_image_kept = 1;
    if (points) image_keep(part->leaving, HOT_BLOCKED_SAVED_STATE, "");
  }
  table_drop_shadow(part->slot);
  part->slot->overruled = false;
  part->slot->afresh = false;
  part->slot->expects = false;
  arena_state_free(&part->arena);
  search_retire(part->retired);
  table_set_transfer(part->slot, NULL);
  if (!succeeded && part->slot->current == NULL) table_remove(part->slot);
}

int hot_commit(const char *const *modules, size_t count, hot_committed_t *done, hot_commit_report_t *report) {
  memset(report, 0, sizeof *report);
  begin();
  commit_t commit = {.parts = calloc(count + 1, sizeof(part_t)), .count = count, .report = report};
  if (commit.parts == NULL) {
    report->failure.problem = HOT_NO_MEMORY;
  } else if (!started) {
    report->failure.problem = HOT_NOT_STARTED;
  } else if (collect_parts(&commit, modules, done)) {
    for (size_t n = 0; n < count; n++) {
      if (transfer_carries(commit.parts[n].slot->transfer)) transfer_warm(commit.parts[n].arriving);
      const image_t *leaving = commit.parts[n].slot->current;
      if (leaving != NULL) arena_make_room(leaving->shadow.arena, &commit.parts[n].arena);
    }
    loop_run(commit_at_boundary, &commit);
    size_t findings = 0;
    for (size_t n = 0; n < count; n++) {
      size_t first = findings;
      findings = collect_findings(transfer_of(&commit.parts[n]), first);
      done[n].finding_count = findings - first;
      finish_part(&commit.parts[n], report->failure.problem == HOT_OK);
    }
    for (size_t n = 0, first = 0; n < count; n++) {
      done[n].findings = found + first;
      first += done[n].finding_count;
    }
  } else {
    drop_all(modules, count);
  }
  free(commit.parts);
  end();
  return report->failure.problem == HOT_OK ? 0 : -1;
}

void hot_expect_module(const char *module, uint32_t generation) {
  begin();
  slot_t *slot = table_find(module);
  if (slot != NULL) slot->expects = true;
  if (slot != NULL) slot->expected = generation;
  end();
}

hot_problem_t hot_give_return(const char *module, const hot_transfer_request_t *request) {
  begin();
  slot_t *slot = table_find(module);
  hot_problem_t problem = slot == NULL || slot->staged == NULL ? HOT_NOT_STAGED : HOT_OK;
  if (problem == HOT_OK && request->what != HOT_TRANSFER_VARIABLES) problem = HOT_BAD_PLAN;
  if (problem == HOT_OK) {
    transfer_free(slot->return_plan);
    slot->return_plan = transfer_read(request);
    if (slot->return_plan == NULL) problem = HOT_BAD_PLAN;
  }
  end();
  return problem;
}

static void set_recovery_at_boundary(void *argument) { recovery_set(argument); }

void hot_set_recovery(const hot_recovery_t *recovery) {
  hot_recovery_t settings = *recovery;
  loop_run(set_recovery_at_boundary, &settings);
}

size_t hot_inherit(const char *path, uint64_t *frame,
                   void (*take)(const char *module, uint32_t generation, void *context), void *context) {
  begin();
  size_t count = inherit_open(path, frame);
  for (size_t n = 0; n < count; n++) take(inherit_at(n)->module, inherit_at(n)->generation, context);
  end();
  return count;
}

void hot_end_inheritance(void) {
  begin();
  inherit_close();
  end();
}

hot_problem_t hot_give_transfer(const char *module, const hot_transfer_request_t *request) {
  begin();
  slot_t *slot = table_find(module);
  hot_problem_t problem = slot == NULL || slot->staged == NULL ? HOT_NOT_STAGED : HOT_OK;
  if (problem == HOT_OK) {
    table_set_transfer(slot, transfer_read(request));
    if (slot->transfer == NULL) problem = HOT_BAD_PLAN;
  }
  end();
  return problem;
}

typedef struct probe_command {
  slot_t *slot;
  hot_failure_t *failure;
  bool looked;
} probe_command_t;

static void probe_at_boundary(void *argument) {
  probe_command_t *command = argument;
  slot_t *slot = command->slot;
  if (slot_is_stale(slot, command->failure)) return;
  if (slot->current == NULL) {
    command->looked = inherit_look(slot->transfer, slot->staged, command->failure);
    return;
  }
  command->looked = transfer_look(slot->transfer, slot->current, slot->staged, command->failure);
}

int hot_probe(const char *module, const hot_finding_t **findings, size_t *count, hot_failure_t *failure) {
  memset(failure, 0, sizeof *failure);
  strncpy(failure->module, module, sizeof failure->module - 1);
  failure->step = HOT_STEP_TRANSFER;
  *count = 0;
  begin();
  probe_command_t command = {.slot = table_find(module), .failure = failure};
  const slot_t *slot = command.slot;
  bool from = slot != NULL && (slot->current != NULL || inherit_of(module) != NULL);
  if (!from || slot->staged == NULL || slot->transfer == NULL) {
    failure->problem = HOT_NOT_STAGED;
  } else if (transfer_carries(slot->transfer)) {
    loop_run(probe_at_boundary, &command);
    if (command.looked) *count = collect_findings(slot->transfer, 0);
    *findings = found;
  }
  end();
  return failure->problem == HOT_OK ? 0 : -1;
}

int hot_reload_module(const char *module, uint32_t generation, const char *library, const hot_entry_names_t *entry,
                      hot_committed_t *done, hot_commit_report_t *report) {
  hot_module_facts_t facts;
  memset(report, 0, sizeof *report);
  if (hot_stage_module(module, generation, library, 0, entry, NULL, &facts, &report->failure) != 0) return -1;
  int result = hot_commit(&module, 1, done, report);
  hot_sweep();
  return result;
}

int hot_sweep_waits(void) {
  begin();
  int waits = search_waiting() > 0;
  end();
  return waits;
}

void hot_sweep(void) {
  begin();
  sweep(false);
  end();
}

int hot_revert_module(const char *module, uint32_t *generation, hot_failure_t *failure) {
  memset(failure, 0, sizeof *failure);
  strncpy(failure->module, module, sizeof failure->module - 1);
  begin();
  revert_t revert = {.slot = table_find(module), .failure = failure};
  loop_run(revert_at_boundary, &revert);
  search_retire(revert.retired);
  if (revert.slot != NULL) {
    transfer_free(revert.slot->carried);
    transfer_free(revert.slot->way_back);
    revert.slot->carried = NULL;
    revert.slot->way_back = NULL;
  }
  sweep(false);
  bool runs = revert.slot != NULL && revert.slot->current != NULL;
  *generation = runs ? revert.slot->current->generation : 0;
  end();
  return failure->problem == HOT_OK ? 0 : -1;
}

typedef struct removal {
  slot_t *slot;
  image_t *image;
} removal_t;

/* Whoever still uses something of it calls nothing from now on, which is a crash that can be told from others. */
static void shut_down_at_boundary(void *argument) {
  removal_t *removal = argument;
  image_t *image = removal->slot->current;
  hot_failure_t failure = {0};
  table_take_out(removal->slot);
  if (image->running && !call_shutdown(image, &failure)) faults_push(image, &failure);
  image->running = false;
  removal->image = image;
  removal->slot->current = NULL;
  bind_everything(NULL, 0);
}

static void unload(slot_t *slot) {
  if (slot == NULL || slot->current == NULL) return;
  removal_t removal = {.slot = slot};
  loop_run(shut_down_at_boundary, &removal);
  search_retire(slot->staged);
  search_retire(slot->previous);
  search_retire(removal.image);
  table_remove(slot);
}

void hot_unload_module(const char *module) {
  begin();
  discard(table_find(module));
  unload(table_find(module));
  sweep(false);
  end();
}

int hot_try_versions(const trial_request_t *request, hot_failure_t *failure) {
  memset(failure, 0, sizeof *failure);
  strncpy(failure->module, request->module, sizeof failure->module - 1);
  trial_t trial = {.request = request};
  begin();
  bool begun = trial_begin(&trial, failure);
  end();
  trial_end(&trial);
  return begun ? 0 : -1;
}

/* The module that was loaded last, or NULL. */
static slot_t *last_loaded(void) {
  slot_t *last = NULL;
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) last = slot;
  return last;
}

void hot_engine_stop(void) {
  if (!started) return;
  begin();
  for (slot_t *slot = last_loaded(); slot != NULL; slot = last_loaded()) unload(slot);
  for (slot_t *slot = table_at(0); slot != NULL; slot = table_at(0)) discard(slot);
  sweep(true);
  loop_close();
  vault_close();
  started = false;
  end();
}

/* One that crashed is kept from then on, and may run for long all the same. */
static bool is_in_use(const image_t *image) {
  const slot_t *slot;
  bool used = false;
  table_lock();
  for (size_t n = 0; !used && (slot = table_at(n)) != NULL; n++) {
    used = slot->current == image || slot->previous == image || slot->staged == image;
  }
  table_unlock();
  return used;
}

static size_t put_kept(const image_t *image, hot_kept_image_t *images, size_t capacity, size_t count) {
  for (; image != NULL; image = image->next_kept) {
    if (is_in_use(image)) continue;
    if (count++ >= capacity) continue;
    hot_kept_image_t *kept = &images[count - 1];
    *kept = (hot_kept_image_t){.generation = image->generation, .blocker = image->blocker};
    memcpy(kept->module, image->module, sizeof kept->module);
    memcpy(kept->text, image->blocked_by, sizeof kept->text);
  }
  return count;
}

size_t hot_kept_images(hot_kept_image_t *images, size_t capacity) {
  const hot_kept_image_t *one;
  size_t count = 0;
  begin();
  sweep(false);
  for (size_t n = 0; (one = search_blocker(n)) != NULL; n++) {
    if (count++ < capacity) images[count - 1] = *one;
  }
  count = put_kept(image_first_kept(), images, capacity, count);
  count = put_kept(image_first_mapped(), images, capacity, count);
  end();
  return count;
}
