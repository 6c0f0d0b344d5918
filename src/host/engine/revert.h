/*
 * revert.h: the way back from a version that turned out bad.
 *
 * The version before is still mapped. Where it was shut down it begins again: init, then load_state with what it saved
 * when it left. Where it has no shutdown nothing was ever ended in it, its variables are as they were, and it simply
 * goes on (after rollback_reload, which undoes its prepare_reload). So does one whose variables were carried over by a
 * plan: it has them as they were then, and what the plan changed on the heap is changed back. Only then is the bad version taken out; if it
 * crashed it is called no more and stays mapped.
 */
#ifndef HOTMOD_REVERT_H
#define HOTMOD_REVERT_H

#include "table.h"

typedef struct revert {
  slot_t *slot; /* may be NULL */
  hot_failure_t *failure;
  image_t *retired; /* to be closed outside the pause; may be NULL */
} revert_t;

/* The command for loop_run. */
void revert_at_boundary(void *revert);

#endif
