#include "copies.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 16u
/* Small enough that nobody misses it, and room for hundreds of small modules. A larger copy has a region of its own. */
#define REGION_BYTES ((size_t)1 << 20)

/* A stretch of a region, in use or free. They are in order, without gaps, and no two free ones stand side by side. */
typedef struct place {
  struct place *next;
  size_t offset;
  size_t size;
  bool used;
} place_t;

typedef struct region {
  struct region *next;
  unsigned char *bytes;
  size_t size;
  place_t *places;
} region_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static region_t *regions;

static void hold(void) { pthread_mutex_lock(&lock); }
static void let_go(void) { pthread_mutex_unlock(&lock); }

/* A copy of the process (trial.h) goes on with one thread, and nobody else could let go of the lock there. */
static void hold_at_fork(void) { pthread_atfork(hold, let_go, let_go); }

/* The one place where the memory itself comes from. NULL where there is none. */
static unsigned char *map_region(size_t size) {
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return bytes == MAP_FAILED ? NULL : bytes;
}

static void unmap_region(unsigned char *bytes, size_t size) { munmap(bytes, size); }

/* The compiler would leave out zeros that are written to memory that is given away next. */
static void wipe(void *bytes, size_t size) {
  memset(bytes, 0, size);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

static place_t *new_place(size_t offset, size_t size, place_t *next) {
  place_t *place = malloc(sizeof *place);
  if (place != NULL) *place = (place_t){.next = next, .offset = offset, .size = size};
  return place;
}

static region_t *add_region(size_t size) {
  size_t whole = size < REGION_BYTES ? REGION_BYTES : size;
  region_t *region = malloc(sizeof *region);
  place_t *place = new_place(0, whole, NULL);
  unsigned char *bytes = region == NULL || place == NULL ? NULL : map_region(whole);
  if (bytes == NULL) {
    free(region);
    free(place);
    return NULL;
  }
  *region = (region_t){.next = regions, .bytes = bytes, .size = whole, .places = place};
  regions = region;
  return region;
}

/* The first free place that is large enough, cut to size; NULL where there is none. */
static unsigned char *take_in(region_t *region, size_t size) {
  for (place_t *place = region->places; place != NULL; place = place->next) {
    if (place->used || place->size < size) continue;
    if (place->size > size) {
      place_t *rest = new_place(place->offset + size, place->size - size, place->next);
      if (rest == NULL) return NULL;
      place->next = rest;
      place->size = size;
    }
    place->used = true;
    return region->bytes + place->offset;
  }
  return NULL;
}

void *copies_take(size_t size) {
  if (size == 0 || size > SIZE_MAX - ALIGNMENT) return NULL;
  size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  pthread_once(&once, hold_at_fork);
  hold();
  unsigned char *bytes = NULL;
  for (region_t *region = regions; bytes == NULL && region != NULL; region = region->next) {
    bytes = take_in(region, rounded);
  }
  if (bytes == NULL && add_region(rounded) != NULL) bytes = take_in(regions, rounded);
  let_go();
  if (bytes != NULL) wipe(bytes, rounded);
  return bytes;
}

static void join_with_next(place_t *place) {
  place_t *next = place->next;
  if (next == NULL || place->used || next->used) return;
  place->size += next->size;
  place->next = next->next;
  free(next);
}

/* False where the bytes do not lie in this region. */
static bool give_back_in(region_t *region, const unsigned char *bytes) {
  place_t *before = NULL;
  place_t *place = region->places;
  uintptr_t offset = (uintptr_t)bytes - (uintptr_t)region->bytes;
  if (offset >= region->size) return false;
  while (place != NULL && place->offset != offset) {
    before = place;
    place = place->next;
  }
  if (place == NULL) return false;
  wipe(region->bytes + place->offset, place->size);
  place->used = false;
  join_with_next(place);
  if (before != NULL) join_with_next(before);
  return true;
}

static void remove_where_empty(region_t **link) {
  region_t *region = *link;
  if (region->places->used || region->places->next != NULL) return;
  *link = region->next;
  unmap_region(region->bytes, region->size);
  free(region->places);
  free(region);
}

void copies_give_back(void *bytes) {
  if (bytes == NULL) return;
  hold();
  region_t **link = &regions;
  while (*link != NULL && !give_back_in(*link, bytes)) link = &(*link)->next;
  if (*link != NULL) remove_where_empty(link);
  let_go();
}
