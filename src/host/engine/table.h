/*
 * table.h: the modules there are, each with the version that runs, the one that waits and the one before.
 *
 * Slots belong to the one caller that holds the engine's transaction lock (api.c). The frame list, the modules that
 * have been loaded in the order of their first commit, is changed only by the engine's thread between frames.
 */
#ifndef HOTMOD_TABLE_H
#define HOTMOD_TABLE_H

#include "calls.h"
#include "intensity.h"
#include "transfer.h"

typedef struct slot {
  char name[HOT_NAME_MAX];
  image_t *current;
  image_t *staged;
  image_t *previous; /* stays mapped, so that a bad new version can be taken back at once */
  blob_t saved;      /* what previous gave when current took over */
  blob_t handed;     /* what current was given: the same block, or a migrated copy */
  bool has_state;    /* saved and handed mean something; a state may be empty */
  arena_state_t arena;  /* what was in its memory from module_alloc when current took over */
  transfer_t *transfer; /* how the state gets to staged; NULL where hooks carry it */
  transfer_t *carried;  /* how it got from previous to current, for the way back */
  transfer_t *return_plan; /* how the state of staged would get back to current; NULL where it would not */
  transfer_t *way_back;    /* the same, of current and previous */
  uint64_t transaction;    /* the commit that current came with; others that came with it have the same number */
  size_t place;            /* which one of that commit it was */
  bool expects;            /* the next commit or probe is only right where `expected` is the generation that runs */
  uint32_t expected;
  intensity_t intensity;   /* of its crashes */
  uint64_t goes_back;      /* the commit that its crash takes back when the calls of this moment are through; 0: none */
  hot_fault_t crash;       /* that crash */
  bool torn;               /* a crash in its code left its variables half-written */
  bool committing;   /* staged is taking over in the commit under way */
  bool afresh;       /* the next commit takes over no state: see hot_start_afresh */
  bool overruled;    /* in the next commit current has no say: see hot_overrule_module */
} slot_t;

/* An entry of the frame list. */
typedef struct running {
  slot_t *slot;
  image_t *image; /* its current version */
} running_t;

slot_t *table_find(const char *name);

/* The slot of that name, made where there is none; NULL where memory is short. */
slot_t *table_add(const char *name);

/* Frees a slot that is not in the frame list, and its blobs. Its images are the caller's. */
void table_remove(slot_t *slot);

/* Slot n of all, in the order they were added, or NULL. */
slot_t *table_at(size_t index);

/* Frame list: slot n in update order, or NULL. On the engine's thread, or under table_lock. */
slot_t *table_running(size_t index);

/* Of these the one whose current version an address lies in, or NULL. */
slot_t *table_slot_at(uintptr_t address);
/* The same whole, for a frame, which need not look into the slots this way. Good until a version changes. */
const running_t *table_frame_list(size_t *count);

/* Makes room for count more modules, so that table_switch cannot fail. On the engine's thread. */
bool table_make_room(size_t count);

/* Gives back the memory for the frame copy of the version before, which does not run. */
void table_drop_shadow(slot_t *slot);

/*
 * Takes the version before out of the slot and hands it over; NULL where there is none. On the engine's thread; another
 * one that holds table_lock sees it either here or as the current version.
 */
image_t *table_take_previous(slot_t *slot);

/* True, with *failure, where another generation runs than was said to be expected. On the engine's thread. */
bool slot_is_stale(const slot_t *slot, hot_failure_t *failure);

/* Makes image the slot's current version and enters the slot into the frame list. On the engine's thread. */
void table_switch(slot_t *slot, image_t *image);

/* Takes a slot out of the frame list. On the engine's thread. */
void table_take_out(slot_t *slot);

/* Held while the frame list or a current version changes, and by readers on other threads. */
void table_lock(void);
void table_unlock(void);

/* Replaces the state blobs of a slot and frees the old ones. */
void table_set_state(slot_t *slot, bool has_state, blob_t saved, blob_t handed);

/* Replaces the transfer that waits for the next commit; NULL takes it away, and the one for the way back with it. */
void table_set_transfer(slot_t *slot, transfer_t *transfer);

/* Frees two blobs that may be the same block. */
void blob_free_pair(blob_t saved, blob_t handed);

#endif
