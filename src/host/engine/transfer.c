#include "transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "inherit.h"

static bool carry_out(transfer_t *transfer, const image_t *image, bool apply, hot_failure_t *failure);

transfer_t *transfer_read(const hot_transfer_request_t *request) {
  transfer_t *transfer = calloc(1, sizeof *transfer);
  if (transfer == NULL) return NULL;
  transfer->what = request->what;
  transfer->old_image = request->old_image;
  transfer->size = request->size;
  transfer->plan = plan_read(request->plan, request->plan_size);
  size_t checks = transfer->plan == NULL ? 0 : plan_check_count(transfer->plan);
  transfer->findings = calloc(checks + 1, sizeof *transfer->findings);
  transfer->must_hold = calloc(request->must_count + 1, sizeof *transfer->must_hold);
  bool whole = transfer->plan != NULL && transfer->findings != NULL && transfer->must_hold != NULL;
  for (size_t n = 0; whole && n < request->must_count; n++) {
    transfer->must_hold[transfer->must_count++] = request->must_hold[n];
    whole = request->must_hold[n] < checks;
  }
  if (whole) return transfer;
  transfer_free(transfer);
  return NULL;
}

void transfer_free(transfer_t *transfer) {
  if (transfer == NULL) return;
  plan_free(transfer->plan);
  free(transfer->findings);
  free(transfer->must_hold);
  free(transfer);
}

static bool refuse(hot_failure_t *failure, hot_problem_t problem, const image_t *image) {
  failure->problem = problem;
  memcpy(failure->module, image->module, sizeof failure->module);
  return false;
}

static bool set_images(transfer_t *transfer, const image_t *from, const image_t *to, hot_failure_t *failure) {
  bool gone = from->ghost != NULL;
  transfer->images = (plan_images_t){.old_base = from->segments.base,
                                     .old_shift = gone ? (uintptr_t)from->ghost->bytes - from->segments.base : 0,
                                     .new_base = to->segments.base,
                                     .initial = from->initial,
                                     .initial_address = from->initial_start - from->segments.base,
                                     .initial_size = from->initial_size};
  uint64_t old_size = from->high - from->segments.base;
  bool known = from->segments.count > 0 && to->segments.count > 0;
  /* A plan for a shorter library would take pointers to the end of this one for pointers elsewhere. */
  if (plan_old_size(transfer->plan) < old_size) known = false;
  if (known && plan_fits(transfer->plan, old_size, to->high - to->segments.base)) return true;
  return refuse(failure, HOT_BAD_PLAN, to);
}

bool transfer_look(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure) {
  return set_images(transfer, from, to, failure) && carry_out(transfer, to, false, failure);
}

bool transfer_variables(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure) {
  return set_images(transfer, from, to, failure) && carry_out(transfer, to, true, failure);
}

static bool set_images_back(transfer_t *transfer, const image_t *from, const image_t *to, hot_failure_t *failure) {
  if (!set_images(transfer, from, to, failure)) return false;
  transfer->images.ran_before = true;
  transfer->images.new_initial = to->initial;
  transfer->images.new_initial_address = to->initial_start - to->segments.base;
  transfer->images.new_initial_size = to->initial_size;
  return true;
}

bool transfer_back(transfer_t *transfer, image_t *from, image_t *to, hot_failure_t *failure) {
  return set_images_back(transfer, from, to, failure) && carry_out(transfer, to, true, failure);
}

static bool set_images_past(transfer_t *transfer, const image_t *ghost, const image_t *to, const plan_past_t *past,
                            hot_failure_t *failure) {
  if (ghost == NULL) return refuse(failure, HOT_NOT_STAGED, to);
  if (!set_images_back(transfer, ghost, to, failure)) return false;
  transfer->images.past = past;
  transfer->images.same = ghost->generation == to->generation;
  return true;
}

bool transfer_look_past(transfer_t *transfer, const image_t *ghost, image_t *to, const plan_past_t *past,
                        hot_failure_t *failure) {
  return set_images_past(transfer, ghost, to, past, failure) && carry_out(transfer, to, false, failure);
}

bool transfer_past(transfer_t *transfer, const image_t *ghost, image_t *to, const plan_past_t *past,
                   hot_failure_t *failure) {
  return set_images_past(transfer, ghost, to, past, failure) && carry_out(transfer, to, true, failure);
}

bool transfer_fits_back(transfer_t *transfer, image_t *from, image_t *to) {
  hot_failure_t failure = {0};
  if (!set_images_back(transfer, from, to, &failure) || !carry_out(transfer, to, false, &failure)) return false;
  for (size_t n = 0; n < transfer->must_count; n++) {
    if (transfer->findings[transfer->must_hold[n]].count > 0) return false;
  }
  return true;
}

void transfer_hand_on(const transfer_t *transfer, image_t *from, image_t *to) {
  transfer_fix(transfer, to, false);
  from->transferred = true;
  from->needs_search = transfer->old_image == HOT_OLD_SEARCH;
  uint64_t first = plan_first_constant(transfer->plan);
  from->constants_start = first == UINT64_MAX ? UINTPTR_MAX : from->segments.base + (uintptr_t)first;
  if (transfer->old_image == HOT_OLD_KEEP) image_keep(from, HOT_BLOCKED_DESTRUCTORS, "");
}

bool transfer_saved(transfer_t *transfer, const image_t *image, const blob_t *saved, blob_t *converted,
                    hot_failure_t *failure) {
  if (plan_old_size(transfer->plan) != saved->size) {
    snprintf(failure->text, sizeof failure->text, "it has %zu bytes, and the declared type has %" PRIu64, saved->size,
             plan_old_size(transfer->plan));
    return refuse(failure, HOT_BAD_STATE, image);
  }
  if (!plan_fits(transfer->plan, saved->size, transfer->size)) return refuse(failure, HOT_BAD_PLAN, image);
  *converted = (blob_t){.data = calloc(1, transfer->size + 1), .size = transfer->size};
  if (converted->data == NULL) return refuse(failure, HOT_NO_MEMORY, image);
  transfer->images = (plan_images_t){.old_base = (uintptr_t)saved->data, .new_base = (uintptr_t)converted->data};
  if (carry_out(transfer, image, true, failure)) return true;
  free(converted->data);
  *converted = (blob_t){0};
  return false;
}

typedef struct plan_call {
  transfer_t *transfer;
  bool apply;
  uint32_t refused; /* the first check that must hold and does not, or PLAN_NO_CHECK */
} plan_call_t;

static void run_plan(void *argument) {
  plan_call_t *call = argument;
  transfer_t *transfer = call->transfer;
  call->refused = PLAN_NO_CHECK;
  plan_check(transfer->plan, &transfer->images, transfer->findings);
  if (!call->apply) return;
  for (size_t n = 0; n < transfer->must_count; n++) {
    if (transfer->findings[transfer->must_hold[n]].count == 0) continue;
    call->refused = transfer->must_hold[n];
    return;
  }
  plan_apply(transfer->plan, &transfer->images, &transfer->keeps_old);
}

/* A plan was checked against the images' sizes, but there may be holes in them that nothing can be read from. */
static bool carry_out(transfer_t *transfer, const image_t *image, bool apply, hot_failure_t *failure) {
  plan_call_t call = {.transfer = transfer, .apply = apply};
  status_site_t site = {.module = image->module, .call = "transfer", .generation = image->generation};
  guard_fault_t fault;
  if (!guard_run(LANE_ENGINE, &site, run_plan, &call, &fault)) return refuse(failure, HOT_BAD_PLAN, image);
  if (call.refused == PLAN_NO_CHECK) return true;
  const plan_finding_t *finding = &transfer->findings[call.refused];
  failure->value = (int)call.refused;
  failure->address = finding->value;
  return refuse(failure, HOT_TRANSFER_REFUSED, image);
}

typedef struct fix_call {
  const transfer_t *transfer;
  bool backwards;
} fix_call_t;

static void run_fix(void *argument) {
  const fix_call_t *call = argument;
  plan_fix(call->transfer->plan, &call->transfer->images, call->backwards);
}

void transfer_fix(const transfer_t *transfer, image_t *image, bool backwards) {
  fix_call_t call = {.transfer = transfer, .backwards = backwards};
  status_site_t site = {.module = image->module, .call = "transfer", .generation = image->generation};
  guard_fault_t fault;
  guard_run(LANE_ENGINE, &site, run_fix, &call, &fault);
}

/* State beyond this is rarely written as a whole, and warming it would take memory that may never be used. */
#define WARM_MAX ((size_t)64 << 20)

#ifdef __linux__
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; where it is not known, nothing happens */
#endif

/* Parts that were made read-only after loading answer with an error, which is all the same. */
void transfer_warm(const image_t *to) {
  for (size_t n = 0; n < to->segments.count; n++) {
    const segment_t *segment = &to->segments.list[n];
    if (segment->kind != SEGMENT_DATA || segment->size > WARM_MAX) continue;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (segment->start + segment->file_size) / page * page;
    madvise((void *)start, segment->start + segment->size - start, MADV_POPULATE_WRITE);
  }
}
#else
void transfer_warm(const image_t *to) { (void)to; }
#endif
