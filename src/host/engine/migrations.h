/*
 * migrations.h: saved state with a declared version (HOTMOD_STATE_VERSION in hotmod_state.h).
 *
 * Where a module declares a version, its saved bytes keep it, and a checksum, for as long as they lie here. A version of
 * the module that declares another one gets its state by its own steps, one after another.
 */
#ifndef HOTMOD_MIGRATIONS_H
#define HOTMOD_MIGRATIONS_H

#include "calls.h"

/* Reads what an image declares into image->state_version. */
void migrations_look_up(image_t *image);

/* Marks bytes that an image saved, or can take as they are, with what it declares; nothing where it declares nothing. */
void blob_seal(blob_t *blob, const image_t *image);

/* False with *failure filled in where sealed bytes are no longer those that were sealed. */
bool blob_is_whole(const blob_t *blob, hot_failure_t *failure);

/* True where both sides declare a version, and not the same one. */
bool migrations_are_due(const image_t *arriving, const blob_t *saved);

/*
 * Brings saved bytes to the version that `arriving` declares. They stay as they are; *migrated is a new blob. False with
 * *failure where no steps lead there, which is known before the first of them is called, or where a step fails or crashes.
 */
bool migrations_run(image_t *arriving, const blob_t *saved, blob_t *migrated, hot_failure_t *failure);

#endif
