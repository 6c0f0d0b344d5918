#include "migrations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "memory.h"

/* More steps than a project has versions of its state; the search below looks at each for each. */
#define STEPS_MAX 256
#define NO_WAY UINT32_MAX

static bool find_ways(const image_t *arriving, uint32_t from, uint32_t *steps_left);
static const hotmod_migration_t *next_step(const image_t *arriving, uint32_t from, const uint32_t *steps_left);
static bool run_step(image_t *arriving, const hotmod_migration_t *step, blob_t *blob, hot_failure_t *failure);

void migrations_look_up(image_t *image) {
  uintptr_t address = (uintptr_t)entry_symbol(image, "hotmod_state_version");
  hotmod_state_version_t found;
  if (address == 0 || !memory_read(address, &found, sizeof found)) return;
  if (found.magic == HOTMOD_STATE_MAGIC) image->state_version = found;
}

bool migrations_are_due(const image_t *arriving, const blob_t *saved) {
  return saved->versioned && arriving->state_version.magic == HOTMOD_STATE_MAGIC &&
         arriving->state_version.version != saved->version;
}

bool migrations_run(image_t *arriving, const blob_t *saved, blob_t *migrated, hot_failure_t *failure) {
  uint32_t wanted = arriving->state_version.version;
  uint32_t steps_left[STEPS_MAX];
  *migrated = *saved;
  if (!find_ways(arriving, saved->version, steps_left)) {
    *migrated = (blob_t){0};
    failure->problem = HOT_NO_MIGRATION;
    failure->value = (int)saved->version;
    failure->address = wanted;
    return false;
  }
  bool succeeded = true;
  while (succeeded && migrated->version != wanted) {
    blob_t blob = *migrated;
    succeeded = run_step(arriving, next_step(arriving, blob.version, steps_left), &blob, failure);
    if (migrated->data != saved->data) free(migrated->data);
    *migrated = blob;
  }
  if (succeeded) blob_seal(migrated, arriving);
  return succeeded;
}

/*
 * For each step, how many there are from it to the wanted version, itself included: the shortest way, found from its end.
 * A table may hold ways that lead nowhere, and steps back to older versions.
 */
static bool find_ways(const image_t *arriving, uint32_t from, uint32_t *steps_left) {
  const hotmod_state_version_t *declared = &arriving->state_version;
  if (declared->count > STEPS_MAX) return false;
  for (size_t n = 0; n < declared->count; n++) {
    steps_left[n] = declared->migrations[n].to == declared->version ? 1 : NO_WAY;
  }
  for (uint32_t length = 1; length <= declared->count; length++) {
    for (size_t n = 0; n < declared->count; n++) {
      for (size_t before = 0; steps_left[n] == length && before < declared->count; before++) {
        bool leads_here = declared->migrations[before].to == declared->migrations[n].from;
        if (leads_here && steps_left[before] == NO_WAY) steps_left[before] = length + 1;
      }
    }
  }
  return next_step(arriving, from, steps_left) != NULL;
}

static const hotmod_migration_t *next_step(const image_t *arriving, uint32_t from, const uint32_t *steps_left) {
  const hotmod_state_version_t *declared = &arriving->state_version;
  const hotmod_migration_t *best = NULL;
  uint32_t fewest = NO_WAY;
  for (size_t n = 0; n < declared->count; n++) {
    if (declared->migrations[n].from != from || steps_left[n] >= fewest) continue;
    best = &declared->migrations[n];
    fewest = steps_left[n];
  }
  return best;
}

static bool refuse(hot_failure_t *failure, const hotmod_migration_t *step, const char *why) {
  failure->problem = HOT_BAD_STATE;
  snprintf(failure->text, sizeof failure->text, "its migration from version %" PRIu32 " to %" PRIu32 " %s", step->from,
           step->to, why);
  return false;
}

/* On success *blob is the new one; on failure it holds nothing. The old bytes stay the caller's. */
static bool run_step(image_t *arriving, const hotmod_migration_t *step, blob_t *blob, hot_failure_t *failure) {
  const blob_t old = *blob;
  *blob = (blob_t){0};
  if (step->function == NULL) return refuse(failure, step, "has no function");
  blob_t converted = {.versioned = true, .version = step->to};
  bool succeeded = call_migration(arriving, step, &old, &converted, failure);
  /* After a crash nobody knows what the pointer is. */
  if (!succeeded && failure->problem == HOT_CRASHED) return false;
  if (converted.data == old.data && old.data != NULL) {
    return succeeded ? refuse(failure, step, "gave back the old bytes; it must leave new ones from malloc") : false;
  }
  if (succeeded && converted.data == NULL && converted.size > 0) return refuse(failure, step, "left no bytes");
  if (succeeded) *blob = converted;
  else free(converted.data);
  return succeeded;
}

/* FNV-1a (draft-eastlake-fnv) with words of eight bytes in place of single ones, which takes an eighth of the time. */
static uint64_t checksum_of(const blob_t *blob) {
  const uint64_t prime = 0x100000001b3u;
  uint64_t hash = 0xcbf29ce484222325u ^ blob->size;
  const unsigned char *bytes = blob->data;
  size_t done = 0;
  for (; done + sizeof(uint64_t) <= blob->size; done += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes + done, sizeof word);
    hash = (hash ^ word) * prime;
    /* A change in a word's highest bits would otherwise stay in the highest bits. */
    hash ^= hash >> 32;
  }
  for (; done < blob->size; done++) hash = (hash ^ bytes[done]) * prime;
  return hash;
}

void blob_seal(blob_t *blob, const image_t *image) {
  blob->versioned = image->state_version.magic == HOTMOD_STATE_MAGIC && (blob->data != NULL || blob->size == 0);
  if (!blob->versioned) return;
  blob->version = image->state_version.version;
  blob->checksum = checksum_of(blob);
}

bool blob_is_whole(const blob_t *blob, hot_failure_t *failure) {
  if (!blob->versioned || checksum_of(blob) == blob->checksum) return true;
  failure->problem = HOT_BAD_STATE;
  snprintf(failure->text, sizeof failure->text,
           "its checksum no longer fits: something wrote over the %zu saved bytes of version %" PRIu32, blob->size,
           blob->version);
  return false;
}
