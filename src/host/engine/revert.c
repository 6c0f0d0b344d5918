#include "revert.h"

#include "bind.h"
#include "faults.h"
#include "migrations.h"

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
  slot->previous = NULL;
  revert->retired = back;
  if (slot->carried != NULL) transfer_fix(slot->carried, back, true);
  if (!bring_back(back, slot, revert->failure)) {
    if (slot->carried != NULL) transfer_fix(slot->carried, bad, false);
    return;
  }
  back->transferred = false;
  table_switch(slot, back);
  bind_departure_t departure = {.image = bad};
  bind_everything(&departure, 1);
  if (slot->carried != NULL) leave_state_behind(bad, slot->carried);
  take_out(bad);
  revert->retired = bad;
}

/*
 * The objects of the state live in the image that comes back: what the bad one registered would destroy them. While it
 * ran it may have left its addresses in objects on the heap.
 */
static void leave_state_behind(image_t *bad, const transfer_t *carried) {
  bad->transferred = true;
  bad->needs_search = carried->old_image != HOT_OLD_CLOSE;
  if (carried->old_image == HOT_OLD_KEEP) image_pin(bad);
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
