/*
 * inherit.h: takes over what the engine of a process that has ended left in its vault (vault.h).
 *
 * Each module's variables become a ghost: an image that cannot run, of which only the writable bytes are there, at other
 * addresses than they had. A commit carries them over to the version that arrives, by a plan, after all init functions have
 * run. What pointers led to outside the modules is gone; a module that has such a pointer refuses (plan.h, PLAN_POINTER),
 * because half of a state is none.
 *
 * Memory from module_alloc comes along, at the addresses it had. Its blocks have no types: one that holds what may have
 * been an address of the ended process, outside what came along, refuses too.
 */
#ifndef HOTMOD_INHERIT_H
#define HOTMOD_INHERIT_H

#include "table.h"

typedef struct ghost {
  unsigned char *bytes; /* what lay at the image's load address and behind it: `span` bytes */
  size_t span;
  const unsigned char *arena; /* NULL where it had none, or where its addresses are taken here */
  uintptr_t arena_start;
  size_t arena_used;
} ghost_t;

/*
 * Reads the file and gives each module in it a ghost; *frame is the one before which the copies were made. How many there
 * are; 0 where the file is none of this build's, or no boundary was ever whole. Before any module is staged.
 */
size_t inherit_open(const char *path, uint64_t *frame);

/* The ghost of module n of them, or NULL. */
const image_t *inherit_at(size_t index);

/* The ghost of a module, or NULL. */
image_t *inherit_of(const char *module);

/* Looks at what carrying a ghost's variables over to a staged version would find. */
bool inherit_look(transfer_t *transfer, image_t *to, hot_failure_t *failure);

/* Carries them over, and its arena. */
bool inherit_carry(transfer_t *transfer, image_t *to, hot_failure_t *failure);

/* After all of a commit were carried: repairs what points back from the arena, and looks whether the rest of it holds. */
bool inherit_settle(transfer_t *transfer, image_t *to, hot_failure_t *failure);

/* The commit failed: what was carried into the arena of a module that was not to have it goes. */
void inherit_undo(const image_t *to);

/* Lets go of all ghosts. */
void inherit_close(void);

#endif
