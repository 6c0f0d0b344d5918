/*
 * recovery.h: what becomes of a module that crashed in update, in its view or in a function that was called.
 *
 * Its variables are put back to the last frame boundary at once, and so are those of the module whose code the fault was
 * in, where one called into the other. Then, in this order:
 *  - a version on probation goes back, together with all that came in the same commit, once the frame under way is
 *    through: no frame runs a mix, and none is missed. The state of the boundary goes back with it where a plan for that
 *    was given (hot_give_return) and the values allow it; otherwise it is that of the reload (revert.h).
 *  - one that crashes too often leaves the frame loop.
 *  - any other is called again in the next frame. Without a copy of its variables it leaves the frame loop, because
 *    nobody knows what they are.
 * A policy for the kind of crash (hot_policy_t) changes when a version goes back, has the module leave the frame loop for
 * the caller to start it, or the process, anew, or stops it at once.
 */
#ifndef HOTMOD_RECOVERY_H
#define HOTMOD_RECOVERY_H

#include "table.h"

/* On the engine's thread, or before it runs. */
void recovery_set(const hot_recovery_t *settings);

/* An image that is the current version of a slot crashed in a guarded call. On the engine's thread. */
void recovery_crashed(image_t *image, const hot_failure_t *failure);

/*
 * Whether an update that crashed is to be called once more (hot_recovery_t.retry_once): its variables and those of the
 * module whose code the fault was in are those of the frame boundary again. On the engine's thread.
 */
bool recovery_may_retry(image_t *image, const hot_failure_t *failure);

/* It went well the second time: says so. On the engine's thread. */
void recovery_passed_again(image_t *image, const hot_failure_t *first);

/* Puts the variables of an image back to its copy, if there is one. On the engine's thread. */
shadow_obstacle_t recovery_put_back(image_t *image);

/* After the calls of a frame, or between two: takes back what is to go back. On the engine's thread. */
void recovery_finish(void);

/*
 * Images and plans that going back left over, for a thread that may unload: one after another, NULL at the end. With the
 * transaction lock.
 */
typedef struct leftover {
  image_t *image;
  transfer_t *carried;
  transfer_t *way_back;
  struct leftover *next;
} leftover_t;

leftover_t *recovery_take_leftovers(void);

#endif
