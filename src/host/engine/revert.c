#include "revert.h"

#include "bind.h"
#include "faults.h"
#include "migrations.h"

static bool carry_back(slot_t *slot);
static bool bring_back(image_t *back, const slot_t *slot, hot_failure_t *failure);
static bool undo_prepare(image_t *back, hot_failure_t *failure);
static void leave_state_behind(image_t *bad, const transfer_t *carried);
static void take_out(image_t *image);

void revert_at_boundary(void *argument) {
  revert_t *revert = argument;
  slot_t *slot = revert->slot;
  if (slot == NULL || slot->previous == NULL) {
    revert->failure->problem = HOT_NOTHING_BEFORE;
    return;
  }
  image_t *back = slot->previous;
  image_t *bad = slot->current;
  hot_went_with_t ignored;
  bool went = revert_slot(slot, false, &ignored, revert->failure);
  slot->previous = NULL;
  slot->transaction = 0;
  revert->retired = went ? bad : back;
}

bool revert_slot(slot_t *slot, bool whole, hot_went_with_t *state, hot_failure_t *failure) {
  image_t *back = slot->previous;
  image_t *bad = slot->current;
  /* Its providers may have been replaced while it did not run. */
  if (!bind_image(back, BIND_RUNNING, failure)) return false;
  bool carried_back = whole && carry_back(slot);
  *state = carried_back ? HOT_WENT_WITH_BOUNDARY : HOT_WENT_WITH_RELOAD;
  if (!carried_back) {
    if (slot->carried != NULL) transfer_fix(slot->carried, back, true);
    arena_bring_back(back->shadow.arena, &slot->arena);
    if (!bring_back(back, slot, failure)) {
      if (slot->carried != NULL) transfer_fix(slot->carried, bad, false);
      return false;
    }
  }
  back->transferred = false;
  table_switch(slot, back);
  const transfer_t *way = carried_back ? slot->way_back : NULL;
  bind_departure_t departure = {.image = bad,
                                .plan = way == NULL ? NULL : way->plan,
                                .images = way == NULL ? (plan_images_t){0} : way->images};
  bind_everything(&departure, 1);
  shadow_hand_on(&bad->shadow, &back->shadow);
  if (carried_back) transfer_hand_on(slot->way_back, bad, back);
  else if (slot->carried != NULL) leave_state_behind(bad, slot->carried);
  take_out(bad);
  return true;
}

bool revert_may_carry(const slot_t *slot) {
  const image_t *back = slot->previous;
  if (slot->way_back == NULL || slot->carried == NULL || back->shut_down) return false;
  if (back->calls.prepare_reload != NULL || back->calls.rollback_reload != NULL) return false;
  return slot->current->calls.complete_reload == NULL;
}

static bool carry_back(slot_t *slot) {
  hot_failure_t refusal = {0};
  return revert_may_carry(slot) && transfer_back(slot->way_back, slot->current, slot->previous, &refusal);
}

/*
 * The objects of the state live in the image that comes back: what the bad one registered would destroy them. While it
 * ran it may have left its addresses in objects on the heap.
 */
static void leave_state_behind(image_t *bad, const transfer_t *carried) {
  bad->transferred = true;
  bad->needs_search = carried->old_image != HOT_OLD_CLOSE;
  if (carried->old_image == HOT_OLD_KEEP) image_keep(bad, HOT_BLOCKED_DESTRUCTORS, "");
}

static bool bring_back(image_t *back, const slot_t *slot, hot_failure_t *failure) {
  if (!back->shut_down) return undo_prepare(back, failure);
  back->shut_down = false;
  failure->step = HOT_STEP_INIT;
  if (!call_init(back, true, failure)) return false;
  failure->step = HOT_STEP_LOAD;
  bool loaded = !slot->has_state || (blob_is_whole(&slot->saved, failure) && call_load(back, &slot->saved, failure));
  if (loaded && undo_prepare(back, failure)) return true;
  hot_failure_t ignored = {0};
  if (!back->pinned) call_shutdown(back, &ignored);
  return false;
}

/* It came to rest for the reload, and neither init nor load_state knows of that. */
static bool undo_prepare(image_t *back, hot_failure_t *failure) {
  failure->step = HOT_STEP_PREPARE;
  return call_rollback(back, failure);
}

static void take_out(image_t *image) {
  hot_failure_t failure = {0};
  bool good = image->running;
  image->running = false;
  if (good && !image->transferred) good = call_shutdown(image, &failure);
  if (!good) image_pin(image);
}
