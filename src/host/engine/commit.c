#include "commit.h"

#include <stdlib.h>
#include <string.h>

#include "atexit.h"
#include "bind.h"
#include "critical.h"
#include "faults.h"
#include "inherit.h"
#include "loop.h"
#include "migrations.h"
#include "platform.h"
#include "recovery.h"
#include "vault.h"

static bool none_is_critical(const commit_t *commit);
static bool run_steps(part_t *part, hot_step_t first, hot_step_t last, hot_failure_t *failure);
static void begin_part(part_t *part);
static void switch_over(part_t *part, size_t place);
static void lead_others(const commit_t *commit);
static void retire(part_t *part);
static void undo(commit_t *commit);
static bool inherit_all(commit_t *commit);
static void keep_arena(part_t *part);

static uint64_t commits; /* that succeeded; on the engine's thread */

void commit_at_boundary(void *argument) {
  commit_t *commit = argument;
  hot_commit_report_t *report = commit->report;
  uint64_t start = platform_now();
  bool succeeded = table_make_room(commit->count);
  if (!succeeded) report->failure.problem = HOT_NO_MEMORY;
  for (size_t n = 0; n < commit->count; n++) begin_part(&commit->parts[n]);
  for (size_t n = 0; succeeded && n < commit->count; n++) {
    succeeded = !slot_is_stale(commit->parts[n].slot, &report->failure);
  }
  succeeded = succeeded && none_is_critical(commit);
  for (size_t n = 0; succeeded && n < commit->count; n++) {
    succeeded = bind_image(commit->parts[n].arriving, BIND_COMMITTING, &report->failure);
  }
  for (size_t n = 0; succeeded && n < commit->count; n++) keep_arena(&commit->parts[n]);
  /* All state is carried over before any new version is called: it may ask the others for theirs. */
  for (size_t n = 0; succeeded && n < commit->count; n++) {
    succeeded = run_steps(&commit->parts[n], HOT_STEP_PREPARE, HOT_STEP_TRANSFER, &report->failure);
  }
  for (size_t n = 0; succeeded && n < commit->count; n++) {
    succeeded = run_steps(&commit->parts[n], HOT_STEP_MIGRATE, HOT_STEP_COMPLETE, &report->failure);
  }
  succeeded = succeeded && inherit_all(commit);
  for (size_t n = 0; n < commit->count; n++) commit->parts[n].slot->committing = false;
  report->frame = loop_frame_number();
  if (succeeded) {
    commits++;
    for (size_t n = 0; n < commit->count; n++) switch_over(&commit->parts[n], n);
    lead_others(commit);
    for (size_t n = 0; n < commit->count; n++) retire(&commit->parts[n]);
  } else {
    undo(commit);
  }
  report->pause_ns = platform_now() - start;
  /*
   * Should the process end in the very next frame, what runs now is taken over, and not what ran before. The frame would
   * copy the same first of all.
   */
  if (succeeded && vault_sides() > 1) shadow_take_all(report->frame);
}

static bool none_is_critical(const commit_t *commit) {
  for (size_t n = 0; n < commit->count; n++) {
    const part_t *part = &commit->parts[n];
    const char *why;
    if (part->leaving == NULL || part->slot->overruled || !critical_is_open(part->leaving, &why)) continue;
    hot_failure_t *failure = &commit->report->failure;
    failure->problem = HOT_CRITICAL;
    memcpy(failure->module, part->slot->name, sizeof failure->module);
    strncpy(failure->text, why, sizeof failure->text - 1);
    return false;
  }
  return true;
}

/* What runs is looked up now, and not when the commit was asked for: the engine may have gone back in between. */
static void begin_part(part_t *part) {
  slot_t *slot = part->slot;
  slot->committing = true;
  part->leaving = slot->current;
  part->carries = slot->current != NULL && transfer_carries(slot->transfer);
  part->inherits = slot->current == NULL && slot->transfer != NULL && inherit_of(slot->name) != NULL;
}

static void keep_arena(part_t *part) {
  if (part->leaving != NULL) arena_keep(part->leaving->shadow.arena, &part->arena);
}

static bool inherit_all(commit_t *commit) {
  hot_failure_t *failure = &commit->report->failure;
  failure->step = HOT_STEP_TRANSFER;
  for (size_t n = 0; n < commit->count; n++) {
    part_t *part = &commit->parts[n];
    if (part->inherits && !inherit_carry(part->slot->transfer, part->arriving, failure)) return false;
    part->done->state_kept |= part->inherits;
  }
  for (size_t n = 0; n < commit->count; n++) {
    part_t *part = &commit->parts[n];
    if (part->inherits && !inherit_settle(part->slot->transfer, part->arriving, failure)) return false;
  }
  return true;
}

/* The version that was to leave goes on, and with whole variables. */
static void put_back_after_crash(image_t *leaving, const hot_failure_t *failure) {
  if (failure->problem == HOT_CRASHED) recovery_put_back(leaving);
}

static bool step_prepare(part_t *part, hot_failure_t *failure) {
  image_t *leaving = part->leaving;
  if (leaving == NULL || !leaving->running) return true;
  part->ran = leaving->calls.prepare_reload != NULL;
  if (part->ran) shadow_take(&leaving->shadow);
  part->prepared = call_prepare(leaving, failure);
  if (!part->prepared) put_back_after_crash(leaving, failure);
  if (!part->prepared && part->slot->overruled) {
    memset(failure, 0, sizeof *failure);
    return true;
  }
  return part->prepared;
}

/* What a version was itself given is better than nothing where it crashed, or may no longer refuse to give anything. */
static void fall_back(part_t *part) {
  const blob_t *handed = &part->slot->handed;
  hot_failure_t damaged = {0};
  part->saved = (blob_t){0};
  /* What a crash wrote over is worth less than a fresh start, which the report tells of. */
  part->has_state = part->slot->has_state && blob_is_whole(handed, &damaged);
  if (!part->has_state || handed->data == NULL) return;
  void *copy = malloc(handed->size);
  part->has_state = copy != NULL;
  if (!part->has_state) return;
  memcpy(copy, handed->data, handed->size);
  part->saved = *handed;
  part->saved.data = copy;
}

static bool step_save(part_t *part, hot_failure_t *failure) {
  image_t *leaving = part->leaving;
  if (leaving == NULL || part->carries || part->slot->afresh || leaving->calls.save_state == NULL) return true;
  part->ran = true;
  part->has_state = true;
  shadow_take(&leaving->shadow);
  bool saved = call_save(leaving, &part->saved, failure);
  if (!saved && leaving->running) put_back_after_crash(leaving, failure);
  if (!saved && (!leaving->running || part->slot->overruled)) {
    free(part->saved.data);
    fall_back(part);
    part->done->state_dropped = !part->has_state;
    memset(failure, 0, sizeof *failure);
    saved = true;
  } else if (saved) {
    blob_seal(&part->saved, leaving);
  }
  part->handed = part->saved;
  return saved;
}

/* Writes only to the image that arrives, which nothing runs yet: a failure further on needs no undoing here. */
static bool step_transfer(part_t *part, hot_failure_t *failure) {
  transfer_t *transfer = part->slot->transfer;
  if (transfer == NULL || part->leaving == NULL) return true;
  if (part->carries) {
    part->ran = true;
    if (!transfer_variables(transfer, part->leaving, part->arriving, failure)) return false;
    part->done->state_kept = 1;
    return true;
  }
  if (!part->has_state) return true;
  part->ran = true;
  blob_t converted;
  if (!transfer_saved(transfer, part->arriving, &part->saved, &converted, failure)) return false;
  blob_seal(&converted, part->arriving);
  part->handed = converted;
  return true;
}

/*
 * Steps that the module declares come before migrate_state. That may change the bytes in place, and the way back needs
 * them as they were: it works on a copy.
 */
static bool step_migrate(part_t *part, hot_failure_t *failure) {
  image_t *arriving = part->arriving;
  if (!part->has_state || part->handed.data != part->saved.data) return true;
  if (migrations_are_due(arriving, &part->saved)) {
    part->ran = true;
    return migrations_run(arriving, &part->saved, &part->handed, failure);
  }
  if (part->saved.versioned && arriving->state_version.magic == HOTMOD_STATE_MAGIC) return true;
  if (arriving->calls.migrate_state == NULL) return true;
  if (strcmp(part->leaving->facts.version, arriving->facts.version) == 0) return true;
  part->ran = true;
  blob_t copy = {.data = malloc(part->saved.size + 1), .size = part->saved.size};
  if (copy.data == NULL) {
    failure->problem = HOT_NO_MEMORY;
    return false;
  }
  if (copy.size > 0) memcpy(copy.data, part->saved.data, copy.size);
  bool migrated = call_migrate(arriving, part->leaving->facts.version, &copy, failure);
  if (migrated) blob_seal(&copy, arriving);
  part->handed = copy;
  return migrated;
}

static bool step_init(part_t *part, hot_failure_t *failure) {
  if (part->carries) return true;
  part->ran = part->arriving->calls.init != NULL;
  part->initialised = call_init(part->arriving, part->leaving != NULL && !part->slot->afresh, failure);
  return part->initialised;
}

static bool step_load(part_t *part, hot_failure_t *failure) {
  if (!part->has_state) return true;
  part->ran = part->arriving->calls.load_state != NULL;
  part->done->state_kept = part->ran;
  part->done->state_dropped = !part->ran;
  part->done->state_bytes = part->ran ? part->handed.size : 0;
  return blob_is_whole(&part->handed, failure) && call_load(part->arriving, &part->handed, failure);
}

static bool step_complete(part_t *part, hot_failure_t *failure) {
  if (part->leaving == NULL || part->slot->afresh) return true;
  part->ran = part->arriving->calls.complete_reload != NULL;
  return call_complete(part->arriving, failure);
}

static bool (*const steps[])(part_t *, hot_failure_t *) = {
    [HOT_STEP_PREPARE] = step_prepare,   [HOT_STEP_SAVE] = step_save, [HOT_STEP_TRANSFER] = step_transfer,
    [HOT_STEP_MIGRATE] = step_migrate,   [HOT_STEP_INIT] = step_init, [HOT_STEP_LOAD] = step_load,
    [HOT_STEP_COMPLETE] = step_complete,
};

static void note_step(part_t *part, hot_step_t step, uint64_t start) {
  part->done->step_ns[step] = platform_now() - start;
  part->done->steps_run |= 1u << step;
}

static bool run_steps(part_t *part, hot_step_t first, hot_step_t last, hot_failure_t *failure) {
  for (hot_step_t step = first; step <= last; step++) {
    uint64_t start = platform_now();
    part->ran = false;
    bool succeeded = steps[step](part, failure);
    if (part->ran) note_step(part, step, start);
    if (succeeded) continue;
    failure->step = step;
    memcpy(failure->module, part->slot->name, sizeof failure->module);
    return false;
  }
  return true;
}

static void switch_over(part_t *part, size_t place) {
  uint64_t start = platform_now();
  table_switch(part->slot, part->arriving);
  part->slot->staged = NULL;
  part->slot->transaction = commits;
  part->slot->torn = false;
  part->slot->place = place;
  note_step(part, HOT_STEP_SWITCH, start);
}

/* Callers reach the new code, whoever was loaded first. */
static void lead_others(const commit_t *commit) {
  bind_departure_t departures[commit->count + 1];
  size_t count = 0;
  for (size_t n = 0; n < commit->count; n++) {
    const part_t *part = &commit->parts[n];
    if (part->leaving == NULL) continue;
    const transfer_t *transfer = part->carries ? part->slot->transfer : NULL;
    departures[count++] = (bind_departure_t){.image = part->leaving,
                                             .plan = transfer == NULL ? NULL : transfer->plan,
                                             .images = transfer == NULL ? (plan_images_t){0} : transfer->images};
  }
  bind_everything(departures, count);
}

/* What the old image holds is now the new one's, and addresses of the old one may be anywhere. */
static void hand_on(part_t *part) {
  const image_t *leaving = part->leaving;
  const transfer_t *transfer = part->slot->transfer;
  transfer_hand_on(transfer, part->leaving, part->arriving);
  part->done->old_image_kept = leaving->pinned || transfer->keeps_old;
}

/*
 * Ends the version that left. One that crashed is asked for nothing and never unloaded: nobody knows what it holds. The
 * version before it is then still the last good one, and stays the one to go back to where it has a state of its own.
 */
static void retire(part_t *part) {
  slot_t *slot = part->slot;
  image_t *leaving = part->leaving;
  if (leaving == NULL) return;
  uint64_t start = platform_now();
  bool good = leaving->running;
  leaving->running = false;
  if (part->carries) hand_on(part);
  if (good) {
    hot_failure_t failure = {0};
    if (!part->carries) {
      good = call_shutdown(leaving, &failure);
      leaving->shut_down = leaving->calls.shutdown != NULL;
    }
    if (!good) faults_push(leaving, &failure);
    part->retired = slot->previous;
    slot->previous = good ? leaving : NULL;
    table_set_state(slot, part->has_state, part->saved, part->handed);
    arena_state_free(&slot->arena);
    slot->arena = part->arena;
    part->arena = (arena_state_t){0};
  } else {
    image_pin(leaving);
    /* The same version again is what ends its crash; another one is a mend, which may come hours later. */
    if (leaving->generation == slot->current->generation) slot->current->fault_at = leaving->fault_at;
    blob_free_pair(part->saved, part->handed);
    part->saved = (blob_t){0};
    part->handed = (blob_t){0};
    /* Much has happened since the version before it ran: a crash of the new one must not lead back there by itself. */
    part->retired = slot->previous;
    slot->previous = NULL;
  }
  transfer_free(slot->carried);
  transfer_free(slot->way_back);
  slot->carried = part->carries && good ? slot->transfer : NULL;
  slot->way_back = slot->carried == NULL ? NULL : slot->return_plan;
  if (slot->carried != NULL) slot->transfer = NULL;
  if (slot->way_back != NULL) slot->return_plan = NULL;
  note_step(part, HOT_STEP_RETIRE, start);
}

static void undo(commit_t *commit) {
  for (size_t n = commit->count; n-- > 0;) {
    part_t *part = &commit->parts[n];
    hot_failure_t failure = {0};
    if (!part->initialised || part->arriving->pinned) continue;
    if (!call_shutdown(part->arriving, &failure)) faults_push(part->arriving, &failure);
  }
  for (size_t n = commit->count; n-- > 0;) {
    part_t *part = &commit->parts[n];
    hot_failure_t failure = {0};
    if (!part->prepared || call_rollback(part->leaving, &failure)) continue;
    part->leaving->running = false;
    faults_push(part->leaving, &failure);
  }
  for (size_t n = 0; n < commit->count; n++) {
    part_t *part = &commit->parts[n];
    blob_free_pair(part->saved, part->handed);
    if (part->inherits) inherit_undo(part->arriving);
    /* Its variables may be copies of those that live on: its destructors must not see them. */
    if (part->carries) atexit_forget(part->arriving);
    if (part->carries && part->slot->transfer->old_image == HOT_OLD_KEEP) {
      image_keep(part->arriving, HOT_BLOCKED_DESTRUCTORS, "");
    }
    part->retired = part->arriving;
    part->slot->staged = NULL;
  }
}
