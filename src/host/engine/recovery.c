#include "recovery.h"

#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "platform.h"
#include "revert.h"

#define MILLISECOND 1000000ull

static hot_recovery_t settings;
static leftover_t *leftovers;
static size_t waiting; /* slots that go back in recovery_finish */

void recovery_set(const hot_recovery_t *given) {
  settings = *given;
  shadow_set(given->frame_copies != 0, (size_t)given->frame_copy_limit);
}

static void put_back(void *argument) { shadow_put_back(argument); }

shadow_obstacle_t recovery_put_back(image_t *image) {
  shadow_obstacle_t obstacle = shadow_obstacle(&image->shadow);
  if (obstacle != SHADOW_NONE) return obstacle;
  status_site_t site = {.module = image->module, .call = "restore", .generation = image->generation};
  guard_fault_t fault;
  bool written = guard_run(LANE_ENGINE, &site, put_back, &image->shadow, &fault);
  return written ? SHADOW_NONE : SHADOW_UNWRITABLE;
}

static slot_t *slot_of(const image_t *image) {
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (slot->current == image) return slot;
  }
  return NULL;
}

static bool on_probation(const slot_t *slot) {
  return slot->previous != NULL && slot->current->frames < settings.probation_frames;
}

static bool may_go_back(const slot_t *slot, hot_policy_t policy) {
  if (policy == HOT_POLICY_DEFAULT) return on_probation(slot);
  return policy == HOT_POLICY_ROLL_BACK && slot->previous != NULL;
}

static void leave_over(image_t *image, transfer_t *carried, transfer_t *way_back) {
  if (image == NULL && carried == NULL && way_back == NULL) return;
  leftover_t *one = malloc(sizeof *one);
  /* Without memory for the note it stays mapped, which harms nobody. */
  if (one == NULL) return;
  table_lock();
  *one = (leftover_t){.image = image, .carried = carried, .way_back = way_back, .next = leftovers};
  leftovers = one;
  table_unlock();
}

leftover_t *recovery_take_leftovers(void) {
  table_lock();
  leftover_t *all = leftovers;
  leftovers = NULL;
  table_unlock();
  return all;
}

/* There is no way back from it any more. */
static void forget_previous(slot_t *slot) {
  image_t *previous = table_take_previous(slot);
  transfer_t *carried = slot->carried;
  transfer_t *way_back = slot->way_back;
  slot->carried = NULL;
  slot->way_back = NULL;
  leave_over(previous, carried, way_back);
}

static void finish_fault(hot_fault_t *fault, hot_fate_t fate, uint64_t entered_at) {
  fault->fate = fate;
  fault->recovery_ns = platform_now() - entered_at;
  faults_queue(fault);
}

/* Which slot's version is to blame where one may be taken back: the one that was called into, if that is the newer one. */
static slot_t *blamed_slot(slot_t *slot, slot_t *called, hot_policy_t policy) {
  return on_probation(slot) || called == NULL || !may_go_back(called, policy) ? slot : called;
}

static bool crashes_too_often(slot_t *slot) {
  uint64_t within = settings.restart_within_ms * MILLISECOND;
  return intensity_exceeded(&slot->intensity, platform_now(), settings.restart_max, within);
}

/* Of a module that neither goes back nor is stopped. */
static hot_fate_t fate_by(hot_policy_t policy, image_t *image, bool restored) {
  if (policy == HOT_POLICY_RESTART_MODULE) return HOT_FATE_RESTART;
  if (policy == HOT_POLICY_RESTART_HOST) return HOT_FATE_NEW_HOST;
  image->running = restored;
  return restored ? HOT_FATE_GOES_ON : HOT_FATE_OUT;
}

/* Modules that the one which crashed was in calls of: what they were doing was not done to its end. */
static void put_back_callees(const slot_t *own, const hot_stack_t *stack) {
  const slot_t *done[HOT_STACK_IMAGES] = {0};
  size_t count = 0;
  for (size_t n = 0; n < stack->count && count < HOT_STACK_IMAGES; n++) {
    slot_t *slot = stack->frames[n].image == 0 ? NULL : table_slot_at((uintptr_t)stack->frames[n].pc);
    bool known = slot == NULL || slot == own;
    for (size_t m = 0; m < count; m++) known = known || done[m] == slot;
    if (known) continue;
    done[count++] = slot;
    slot->torn = recovery_put_back(slot->current) != SHADOW_NONE;
    image_pin(slot->current);
  }
}

bool recovery_may_retry(image_t *image, const hot_failure_t *failure) {
  slot_t *slot = slot_of(image);
  if (settings.retry_once == 0 || slot == NULL || failure->problem != HOT_CRASHED) return false;
  if (recovery_put_back(image) != SHADOW_NONE) return false;
  put_back_callees(slot, &failure->stack);
  return true;
}

void recovery_passed_again(image_t *image, const hot_failure_t *first) {
  hot_fault_t fault;
  faults_describe(&fault, image, first);
  fault.restored = true;
  fault.not_restored = SHADOW_NONE;
  fault.restored_bytes = image->shadow.size;
  finish_fault(&fault, HOT_FATE_PASSED_AGAIN, first->entered_at);
}

void recovery_crashed(image_t *image, const hot_failure_t *failure) {
  slot_t *slot = slot_of(image);
  image->running = false;
  if (slot == NULL) return;
  hot_fault_t fault;
  faults_describe(&fault, image, failure);
  shadow_obstacle_t obstacle = recovery_put_back(image);
  fault.restored = obstacle == SHADOW_NONE;
  fault.not_restored = (int)obstacle;
  fault.restored_bytes = shadow_size(&image->shadow);
  slot_t *called = table_slot_at((uintptr_t)failure->pc);
  put_back_callees(slot, &failure->stack);
  image->fault_at = failure->entered_at;
  hot_policy_t policy = settings.policy[fault.kind];
  const slot_t *blamed = blamed_slot(slot, called, policy);
  bool goes_back = may_go_back(blamed, policy);
  /* A version on probation has but one way back, which bounds it by itself. */
  bool counts = !goes_back || !on_probation(blamed);
  if (policy == HOT_POLICY_STOP || (counts && crashes_too_often(slot))) {
    /* It waits for its mend, whatever becomes of those that it came with. */
    slot->transaction = 0;
    finish_fault(&fault, HOT_FATE_STOPPED, failure->entered_at);
  } else if (goes_back) {
    slot->goes_back = blamed->transaction;
    slot->crash = fault;
    waiting++;
  } else {
    finish_fault(&fault, fate_by(policy, image, fault.restored), failure->entered_at);
  }
}

/* Of the modules that came with a commit the last one that has not gone back yet, or NULL. */
static slot_t *last_of(uint64_t transaction) {
  slot_t *last = NULL;
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (slot->transaction != transaction || slot->previous == NULL) continue;
    if (last == NULL || slot->place > last->place) last = slot;
  }
  return last;
}

static size_t count_of(uint64_t transaction) {
  size_t count = 0;
  const slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    count += slot->transaction == transaction && slot->previous != NULL;
  }
  return count;
}

/* Half-written variables are no state to go on with. */
static bool has_whole_state(const slot_t *slot) {
  if (slot->torn) return false;
  return slot->current->running || (slot->goes_back != 0 && slot->crash.restored);
}

/*
 * Modules of one commit go back to one moment: to the last frame boundary where all of them can be carried there, or else
 * to the reload. What they counted of each other would not agree otherwise.
 */
static bool all_can_carry(uint64_t transaction, size_t count) {
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (slot->transaction != transaction || slot->previous == NULL) continue;
    if (!has_whole_state(slot) || !revert_may_carry(slot)) return false;
    /* What one finds in its values decides for all, so that all are asked before the first is carried. */
    if (count > 1 && !transfer_fits_back(slot->way_back, slot->current, slot->previous)) return false;
  }
  return true;
}

/* A version that cannot begin again stays out, like the one it should have taken the place of: no frame runs a mix. */
static void take_back(slot_t *slot, bool carries, uint64_t fault_at, hot_went_back_t *done) {
  image_t *bad = slot->current;
  hot_failure_t failure = {0};
  memcpy(done->module, slot->name, sizeof done->module);
  done->from = bad->generation;
  bool back = revert_slot(slot, carries, &done->state, &failure);
  if (back) {
    done->generation = slot->current->generation;
    slot->current->fault_at = fault_at;
    leave_over(bad, slot->carried, slot->way_back);
    slot->carried = NULL;
    slot->way_back = NULL;
  } else {
    bad->running = false;
    forget_previous(slot);
  }
  slot->transaction = 0;
  slot->torn = false;
}

static void take_back_all(uint64_t transaction, uint64_t fault_at, hot_fault_t *fault) {
  size_t count = count_of(transaction);
  fault->went_back = calloc(count + 1, sizeof *fault->went_back);
  if (fault->went_back == NULL) return;
  bool carry = all_can_carry(transaction, count);
  slot_t *slot;
  while (fault->went_back_count < count && (slot = last_of(transaction)) != NULL) {
    take_back(slot, carry, fault_at, &fault->went_back[fault->went_back_count++]);
  }
}

/* The module that crashed did not come with what went back: it called into that, and is the same as before. */
static bool called_what_went_back(const slot_t *slot, const hot_fault_t *fault) {
  for (size_t n = 0; n < fault->went_back_count; n++) {
    if (strcmp(fault->went_back[n].module, slot->name) == 0) return false;
  }
  return fault->went_back_count > 0 && slot->current->generation == fault->generation;
}

void recovery_finish(void) {
  slot_t *slot;
  for (size_t n = 0; waiting > 0 && (slot = table_running(n)) != NULL; n++) {
    if (slot->goes_back == 0) continue;
    hot_fault_t *fault = &slot->crash;
    uint64_t fault_at = fault->at;
    /* Where another module of the same commit crashed in the same frame, this one has gone back already. */
    take_back_all(slot->goes_back, fault_at, fault);
    slot->goes_back = 0;
    waiting--;
    hot_fate_t fate = HOT_FATE_WENT_BACK;
    if (called_what_went_back(slot, fault)) {
      slot->current->running = fault->restored;
      fate = fault->restored ? HOT_FATE_GOES_ON : HOT_FATE_OUT;
    }
    finish_fault(fault, fate, fault_at);
  }
}
