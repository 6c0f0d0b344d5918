/*
 * commit.h: the reload protocol.
 *
 * At one frame boundary, for each module in the order given: prepare_reload and save_state on the version that leaves, and
 * the transfer of its state; then for each again: migrate_state (where the versions differ), init, load_state and
 * complete_reload on the one that arrives, which sees the other versions that arrive (symbols.c). Only when
 * all modules have come through are all of them switched. Any failure before that undoes everything, last first:
 * shutdown on what was initialised, rollback_reload on what was prepared; the old versions go on with their state.
 *
 * After the switch the replaced version is shut down; nothing it does there can undo the switch. It stays mapped, with
 * the state it gave, until the next commit: revert.h goes back to it.
 *
 * Where a transfer of variables was given (transfer.h), the state goes from image to image by its plan: the life of the
 * module goes on, and save_state, init, load_state and shutdown, which begin and end it, are not called.
 *
 * Where both versions declare a version of their saved state (migrations.h), the steps between them take the place of
 * migrate_state, and the bytes are loaded only while their checksum fits.
 *
 * A crash in prepare_reload or save_state leaves the version that stays with its variables as they were before: they are
 * copied first (shadow.h).
 *
 * A version that is overruled (hot_overrule_module) may fail in prepare_reload and save_state without stopping anything.
 *
 * Where a process that has ended left the variables of a module which does not run yet (inherit.h), and a transfer was given
 * for it, they are carried over when every init has run: what other modules did in theirs is part of that state.
 *
 * A version that crashed before is not asked to prepare. Its state is asked for all the same; where it cannot give it,
 * the state it was itself given is handed on, so that a crash does not cost everything.
 */
#ifndef HOTMOD_COMMIT_H
#define HOTMOD_COMMIT_H

#include "table.h"

/* One module on its way through the protocol. The caller gives slot, arriving and done; the rest is found out at the boundary. */
typedef struct part {
  slot_t *slot;
  image_t *leaving; /* NULL on a first load */
  image_t *arriving;
  image_t *retired; /* to be closed outside the pause; may be NULL */
  bool has_state;
  blob_t saved;
  blob_t handed;
  arena_state_t arena; /* what its memory from module_alloc held before */
  bool prepared;
  bool initialised;
  bool carries; /* its variables go from image to image */
  bool inherits; /* they come from a process that has ended */
  bool ran; /* the step under way had something to call */
  hot_committed_t *done;
} part_t;

typedef struct commit {
  part_t *parts;
  size_t count;
  hot_commit_report_t *report;
} commit_t;

/* The command for loop_run. Leaves retired images to the caller. */
void commit_at_boundary(void *commit);

#endif
