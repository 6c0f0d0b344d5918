#include "shadow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "differing.h"
#include "table.h"
#include "vault.h"
#include "wipe.h"

/* One range of one image, as a frame copies it: side by side, so that going through many small modules stays cheap. */
typedef struct copy {
  unsigned char *to[2];
  const unsigned char *from;
  size_t size;
} copy_t;

static bool is_on;
static size_t size_limit;

static copy_t *copies;
static size_t copy_count;
static size_t copy_capacity;
static bool list_is_old = true;
static size_t arenas_seen;

static uint64_t round_number; /* boundaries so far */
static unsigned latest_side;  /* of the last of them */

static void add_range(shadow_t *shadow, uintptr_t start, uintptr_t end) {
  if (start >= end) return;
  shadow->ranges[shadow->count].start = start;
  shadow->ranges[shadow->count].size = end - start;
  shadow->count++;
  shadow->size += end - start;
}

/* Loaders protect whole pages: what follows in the last one stays writable (glibc, _dl_protect_relro). */
static uintptr_t end_of_relro(const segments_t *segments) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  return (segments->relro.start + segments->relro.size) / page * page;
}

static bool may_copy(const shadow_t *shadow) { return is_on && shadow->known && shadow->size <= size_limit; }

/* Initial bytes are kept beside the copies only for another process. */
static size_t room_of(const shadow_t *shadow) {
  unsigned sides = vault_sides();
  return sides * shadow->size + (sides > 1 ? shadow->initial_size : 0);
}

static unsigned char *side_of(const shadow_t *shadow, unsigned side) {
  return shadow->bytes + (side < vault_sides() ? side : 0) * shadow->size;
}

static void keep_initial(const shadow_t *shadow) {
  if (vault_sides() == 1 || shadow->bytes == NULL || shadow->initial == NULL) return;
  memcpy(shadow->bytes + 2 * shadow->size, shadow->initial, shadow->initial_size);
}

static bool make_room(shadow_t *shadow) {
  if (shadow->bytes != NULL || shadow->size == 0) return true;
  shadow->bytes = vault_take(room_of(shadow));
  keep_initial(shadow);
  return shadow->bytes != NULL;
}

void shadow_open(shadow_t *shadow, const segments_t *segments, arena_t *arena, const unsigned char *initial,
                 size_t initial_size) {
  memset(shadow, 0, sizeof *shadow);
  shadow->arena = arena;
  shadow->known = segments->count > 0;
  shadow->initial = initial;
  shadow->initial_size = initial == NULL ? 0 : initial_size;
  uintptr_t relro = segments->relro.size == 0 ? 0 : end_of_relro(segments);
  for (size_t n = 0; n < segments->count; n++) {
    const segment_t *segment = &segments->list[n];
    if (segment->kind != SEGMENT_DATA) continue;
    uintptr_t start = segment->start;
    uintptr_t end = start + segment->size;
    bool holds_relro = segments->relro.start >= start && segments->relro.start < end;
    add_range(shadow, holds_relro && relro > start ? relro : start, end);
  }
  if (may_copy(shadow)) make_room(shadow);
}

void shadow_drop(shadow_t *shadow) {
  vault_give_back(shadow->bytes, room_of(shadow));
  shadow->bytes = NULL;
  shadow->taken = false;
}

void shadow_hand_on(shadow_t *from, shadow_t *to) {
  if (to->bytes != NULL || from->size != to->size || from->initial_size != to->initial_size) return;
  to->bytes = from->bytes;
  from->bytes = NULL;
  from->taken = false;
  keep_initial(to);
}

void shadow_close(shadow_t *shadow) {
  shadow_drop(shadow);
  memset(shadow, 0, sizeof *shadow);
}

void shadow_set(bool on, size_t limit) {
  is_on = on;
  size_limit = limit;
  shadow_list_changed();
  if (!on) vault_withdraw();
}

/* Addresses that the list leaves behind would keep the images that they lead to. */
void shadow_list_changed(void) {
  wipe(copies, copy_count * sizeof *copies);
  copy_count = 0;
  list_is_old = true;
  vault_list_changed();
}

static bool reserve(size_t count) {
  if (count <= copy_capacity) return true;
  copy_t *grown = calloc(2 * count, sizeof *grown);
  if (grown == NULL) return false;
  if (copy_count > 0) memcpy(grown, copies, copy_count * sizeof *grown);
  wipe(copies, copy_count * sizeof *copies);
  free(copies);
  copies = grown;
  copy_capacity = 2 * count;
  return true;
}

/* One that was opened while copies were off has no room yet. */
static bool add_image(shadow_t *shadow) {
  shadow->taken = false;
  if (!may_copy(shadow) || !make_room(shadow)) return true;
  if (!reserve(copy_count + shadow->count)) return false;
  shadow->taken = true;
  size_t done = 0;
  for (size_t n = 0; n < shadow->count; n++) {
    const unsigned char *from = (const unsigned char *)shadow->ranges[n].start;
    copies[copy_count++] =
        (copy_t){{side_of(shadow, 0) + done, side_of(shadow, 1) + done}, from, shadow->ranges[n].size};
    done += shadow->ranges[n].size;
  }
  return true;
}

static void make_list(void) {
  shadow_list_changed();
  list_is_old = false;
  arenas_seen = arena_begun();
  const slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    shadow_t *shadow = &slot->current->shadow;
    if (!add_image(shadow)) list_is_old = true;
  }
}

/* Half as much again, because what grows goes on growing. */
static bool make_arena_room(arena_copy_t *copy, size_t size) {
  if (size <= copy->room) return true;
  size_t room = size + size / 2;
  unsigned char *bytes = vault_take(vault_sides() * room);
  if (bytes == NULL) return false;
  vault_give_back(copy->bytes, vault_sides() * copy->room);
  copy->bytes = bytes;
  copy->room = room;
  vault_list_changed();
  return true;
}

static unsigned char *arena_side(const arena_copy_t *copy, unsigned side) {
  return copy->bytes + (side < vault_sides() ? side : 0) * copy->room;
}

/* With the allocator at rest, so that what it knows is whole in the copy as well. */
static void take_arena(arena_t *arena, unsigned side) {
  arena_copy_t *copy = &arena->copy;
  arena_lock(arena);
  size_t used = arena_used(arena);
  bool fits = used <= size_limit && make_arena_room(copy, used);
  if (fits) memcpy(arena_side(copy, side), arena_start(arena), used);
  arena_unlock(arena);
  copy->used[side] = fits ? used : ARENA_NOT_COPIED;
  if (copy->listed[side] == NULL) return;
  *copy->listed[side] = (vault_range_t){.start = (uintptr_t)arena_start(arena), .size = copy->used[side]};
  if (!fits || !vault_place(arena_side(copy, side), &copy->listed[side]->at)) copy->listed[side]->size = ARENA_NOT_COPIED;
}

static bool has_arena(const shadow_t *shadow) { return shadow->arena != NULL && arena_start(shadow->arena) != NULL; }

static void take_arenas(unsigned side) {
  if (arenas_seen == 0) return;
  const slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    const shadow_t *shadow = &slot->current->shadow;
    if (shadow->taken && has_arena(shadow)) take_arena(shadow->arena, side);
  }
}

static void write_entry(vault_entry_t *entry, const image_t *image, unsigned side) {
  const shadow_t *shadow = &image->shadow;
  memcpy(entry->module, image->module, sizeof entry->module);
  entry->generation = image->generation;
  entry->base = image->segments.base;
  entry->high = image->high;
  entry->range_count = (uint32_t)shadow->count;
  const unsigned char *bytes = side_of(shadow, side);
  for (size_t n = 0; n < shadow->count; n++) {
    entry->ranges[n] = (vault_range_t){.start = shadow->ranges[n].start, .size = shadow->ranges[n].size};
    vault_place(bytes, &entry->ranges[n].at);
    bytes += shadow->ranges[n].size;
  }
  entry->initial = (vault_range_t){.start = image->initial_start, .size = shadow->initial_size};
  vault_place(side_of(shadow, 0) + 2 * shadow->size, &entry->initial.at);
  entry->arena = (vault_range_t){0};
  if (shadow->arena != NULL) shadow->arena->copy.listed[side] = &entry->arena;
}

/* One whose variables are not in the file, because that is full, is not listed. */
static bool is_shared(const shadow_t *shadow) {
  return shadow->taken && (shadow->size == 0 || vault_holds((uintptr_t)shadow->bytes));
}

static void write_directory(unsigned side) {
  vault_side_t *directory = vault_rewrite();
  if (directory == NULL) return;
  directory->count = 0;
  const slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    const shadow_t *shadow = &slot->current->shadow;
    if (is_shared(shadow) && directory->count < VAULT_MODULES) {
      write_entry(&directory->entries[directory->count++], slot->current, side);
    } else if (shadow->arena != NULL) {
      shadow->arena->copy.listed[side] = NULL;
    }
  }
}

/* Between two frames the variables fall out of the processor's caches; the modules need them in a moment anyway. */
#define AHEAD 8

void shadow_take_all(uint64_t frame) {
  if (list_is_old || arenas_seen != arena_begun()) make_list();
  unsigned side = vault_next();
  if (vault_is_old()) write_directory(side);
  for (size_t n = 0; n < copy_count; n++) {
    if (n + AHEAD < copy_count) {
      __builtin_prefetch(copies[n + AHEAD].from);
      __builtin_prefetch(copies[n + AHEAD].to[side], 1);
    }
    memcpy(copies[n].to[side], copies[n].from, copies[n].size);
  }
  take_arenas(side);
  if (is_on) vault_publish(frame);
  latest_side = side;
  round_number++;
}

void shadow_take(shadow_t *shadow) {
  if (!may_copy(shadow) || !make_room(shadow)) return;
  unsigned side = vault_next();
  unsigned char *to = side_of(shadow, side);
  for (size_t n = 0; n < shadow->count; n++) {
    memcpy(to, (const void *)shadow->ranges[n].start, shadow->ranges[n].size);
    to += shadow->ranges[n].size;
  }
  if (has_arena(shadow)) take_arena(shadow->arena, side);
  shadow->taken = true;
  shadow->taken_alone = round_number;
}

static unsigned side_taken(const shadow_t *shadow) {
  return shadow->taken_alone == round_number ? vault_next() : latest_side;
}

const unsigned char *shadow_latest(const shadow_t *shadow) {
  return shadow->bytes == NULL ? NULL : side_of(shadow, side_taken(shadow));
}

static size_t arena_copied(const shadow_t *shadow) {
  return has_arena(shadow) ? shadow->arena->copy.used[side_taken(shadow)] : 0;
}

size_t shadow_size(const shadow_t *shadow) {
  size_t copied = arena_copied(shadow);
  return shadow->size + (copied == ARENA_NOT_COPIED ? arena_used(shadow->arena) : copied);
}

shadow_obstacle_t shadow_obstacle(const shadow_t *shadow) {
  if (!shadow->known) return SHADOW_UNKNOWN;
  if (!is_on) return SHADOW_OFF;
  if (shadow->size > size_limit || arena_copied(shadow) == ARENA_NOT_COPIED) return SHADOW_TOO_LARGE;
  if (shadow->size > 0 && shadow->bytes == NULL) return SHADOW_NO_MEMORY;
  return shadow->taken ? SHADOW_NONE : SHADOW_NOT_TAKEN;
}

void shadow_put_back(const shadow_t *shadow) {
  const unsigned char *from = shadow_latest(shadow);
  for (size_t n = 0; n < shadow->count; n++) {
    copy_differing((void *)shadow->ranges[n].start, from, shadow->ranges[n].size);
    from += shadow->ranges[n].size;
  }
  if (!has_arena(shadow)) return;
  arena_put_back(shadow->arena, arena_side(&shadow->arena->copy, side_taken(shadow)), arena_copied(shadow));
}
