/*
 * revert.h: the way back from a version that turned out bad.
 *
 * The version before is still mapped. Where it was shut down it begins again: init, then load_state with what it saved
 * when it left. Where it has no shutdown nothing was ever ended in it, its variables are as they were, and it simply
 * goes on (after rollback_reload, which undoes its prepare_reload). So does one whose variables were carried over by a
 * plan: it has them as they were then, and what the plan changed on the heap is changed back. Only then is the bad version taken out; if it
 * crashed it is called no more and stays mapped.
 *
 * Where a plan for the way back was given (hot_give_return), the variables of the bad version are carried back by it, as
 * in a reload, so that nothing that happened since is lost. Not where one of both has hooks around a reload: what they
 * gave up or took up then belongs to the state of that moment. And not where a check that must hold finds something.
 * Modules of one commit do so all or none, as far as the plans and the hooks say.
 */
#ifndef HOTMOD_REVERT_H
#define HOTMOD_REVERT_H

#include "table.h"

typedef struct revert {
  slot_t *slot; /* may be NULL */
  hot_failure_t *failure;
  image_t *retired; /* to be closed outside the pause; may be NULL */
} revert_t;

/* The command for loop_run: goes back to the state as of the reload. */
void revert_at_boundary(void *revert);

/* Whether the variables of a slot's current version can be carried back to the one before it, as far as no value says. */
bool revert_may_carry(const slot_t *slot);

/*
 * Makes the version before the current one of a slot that has one. `whole`: the variables of the bad version may be
 * carried back. False where the version before did not begin again: nothing was changed then, and the slot has the same
 * current version. On the engine's thread.
 */
bool revert_slot(slot_t *slot, bool whole, hot_went_with_t *state, hot_failure_t *failure);

#endif
