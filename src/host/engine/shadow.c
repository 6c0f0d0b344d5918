#include "shadow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copies.h"
#include "differing.h"
#include "table.h"

/* One range of one image, as a frame copies it: side by side, so that going through many small modules stays cheap. */
typedef struct copy {
  unsigned char *to;
  const unsigned char *from;
  size_t size;
} copy_t;

static bool is_on;
static size_t size_limit;

static copy_t *copies;
static size_t copy_count;
static size_t copy_capacity;
static bool list_is_old = true;

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

/* The compiler would leave out a write to memory that is freed next, and make one of memory that is new. */
static void wipe(void *bytes, size_t size) {
  if (size == 0) return;
  memset(bytes, 0, size);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

void shadow_open(shadow_t *shadow, const segments_t *segments) {
  memset(shadow, 0, sizeof *shadow);
  shadow->known = segments->count > 0;
  uintptr_t relro = segments->relro.size == 0 ? 0 : end_of_relro(segments);
  for (size_t n = 0; n < segments->count; n++) {
    const segment_t *segment = &segments->list[n];
    if (segment->kind != SEGMENT_DATA) continue;
    uintptr_t start = segment->start;
    uintptr_t end = start + segment->size;
    bool holds_relro = segments->relro.start >= start && segments->relro.start < end;
    add_range(shadow, holds_relro && relro > start ? relro : start, end);
  }
  if (!may_copy(shadow) || shadow->size == 0) return;
  shadow->bytes = copies_take(shadow->size);
}

void shadow_drop(shadow_t *shadow) {
  copies_give_back(shadow->bytes);
  shadow->bytes = NULL;
  shadow->taken = false;
}

void shadow_hand_on(shadow_t *from, shadow_t *to) {
  if (to->bytes != NULL || from->size != to->size) return;
  to->bytes = from->bytes;
  from->bytes = NULL;
  from->taken = false;
}

void shadow_close(shadow_t *shadow) {
  shadow_drop(shadow);
  memset(shadow, 0, sizeof *shadow);
}

void shadow_set(bool on, size_t limit) {
  is_on = on;
  size_limit = limit;
  shadow_list_changed();
}

/* Addresses that the list leaves behind would keep the images that they lead to. */
void shadow_list_changed(void) {
  wipe(copies, copy_count * sizeof *copies);
  copy_count = 0;
  list_is_old = true;
}

static bool reserve(size_t count) {
  if (count <= copy_capacity) return true;
  copy_t *grown = malloc(2 * count * sizeof *grown);
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
  if (!may_copy(shadow)) return true;
  if (shadow->bytes == NULL && shadow->size > 0) shadow->bytes = copies_take(shadow->size);
  if (shadow->bytes == NULL && shadow->size > 0) return true;
  if (!reserve(copy_count + shadow->count)) return false;
  shadow->taken = true;
  unsigned char *to = shadow->bytes;
  for (size_t n = 0; n < shadow->count; n++) {
    copies[copy_count++] = (copy_t){to, (const unsigned char *)shadow->ranges[n].start, shadow->ranges[n].size};
    to += shadow->ranges[n].size;
  }
  return true;
}

static void make_list(void) {
  shadow_list_changed();
  list_is_old = false;
  const slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    shadow_t *shadow = &slot->current->shadow;
    if (!add_image(shadow)) list_is_old = true;
  }
}

/* Between two frames the variables fall out of the processor's caches; the modules need them in a moment anyway. */
#define AHEAD 8

void shadow_take_all(void) {
  if (list_is_old) make_list();
  for (size_t n = 0; n < copy_count; n++) {
    if (n + AHEAD < copy_count) {
      __builtin_prefetch(copies[n + AHEAD].from);
      __builtin_prefetch(copies[n + AHEAD].to, 1);
    }
    memcpy(copies[n].to, copies[n].from, copies[n].size);
  }
}

void shadow_take(shadow_t *shadow) {
  if (!may_copy(shadow)) return;
  if (shadow->bytes == NULL && shadow->size > 0) shadow->bytes = copies_take(shadow->size);
  if (shadow->bytes == NULL && shadow->size > 0) return;
  unsigned char *to = shadow->bytes;
  for (size_t n = 0; n < shadow->count; n++) {
    memcpy(to, (const void *)shadow->ranges[n].start, shadow->ranges[n].size);
    to += shadow->ranges[n].size;
  }
  shadow->taken = true;
}

shadow_obstacle_t shadow_obstacle(const shadow_t *shadow) {
  if (!shadow->known) return SHADOW_UNKNOWN;
  if (!is_on) return SHADOW_OFF;
  if (shadow->size > size_limit) return SHADOW_TOO_LARGE;
  if (shadow->size > 0 && shadow->bytes == NULL) return SHADOW_NO_MEMORY;
  return shadow->taken ? SHADOW_NONE : SHADOW_NOT_TAKEN;
}

void shadow_put_back(const shadow_t *shadow) {
  const unsigned char *from = shadow->bytes;
  for (size_t n = 0; n < shadow->count; n++) {
    copy_differing((void *)shadow->ranges[n].start, from, shadow->ranges[n].size);
    from += shadow->ranges[n].size;
  }
}
