/*
 * shadow.h: the variables of every running image as they were at the last frame boundary, to go back to after a crash.
 *
 * A copy is made of the bytes of an image that are writable once it is relocated (PT_LOAD with PF_W without
 * PT_GNU_RELRO; gABI chapter 5, "Program Header"): .data, .bss, and a table of addresses that is not read-only. All images
 * are copied at one moment, before the first module of a frame runs, and before each guarded call between two frames.
 *
 * A plain memcpy into a second buffer. Comparing page by page and copying those that differ reads as much, and took the
 * same time for 1 MB and a tenth less for 10 MB; stores that pass by the caches took longer for small states. Page
 * protection (a fault and a system call for each page written in a frame) took 20 us for one page and 77 us for ten, where
 * the copy of a megabyte takes 20 to 100: it would win for a large state of which a frame writes a few pages, and its
 * faults would stand in the way of every debugger. What a copy costs is measured in src/bench/frame-copies.ts.
 *
 * Memory that a module took with module_alloc (arena.h) is copied along with its variables, with the allocator locked. The
 * copies lie where another process finds them (vault.h), in two sides of which one always is a boundary as a whole.
 *
 * Not in the copy: memory from malloc, thread-local variables, what the loader and the C library know of the module.
 */
#ifndef HOTMOD_SHADOW_H
#define HOTMOD_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "segments.h"

/* What stands in the way of a copy. In the order of `noCopy` in src/host/engine-reports.ts. */
typedef enum shadow_obstacle {
  SHADOW_NONE,
  SHADOW_OFF,       /* by the settings */
  SHADOW_TOO_LARGE, /* by the settings */
  SHADOW_UNKNOWN,   /* the system does not tell where the variables are */
  SHADOW_NO_MEMORY,
  SHADOW_NOT_TAKEN, /* none was taken since the image runs */
  SHADOW_UNWRITABLE /* putting it back crashed: part of the image was made read-only */
} shadow_obstacle_t;

typedef struct shadow {
  size_t count;
  struct {
    uintptr_t start;
    size_t size;
  } ranges[SEGMENTS_MAX];
  size_t size; /* of all ranges */
  const unsigned char *initial; /* the image's bytes as they were when it had been loaded; NULL where there are none */
  size_t initial_size;
  unsigned char *bytes; /* of the vault: side 0, side 1 where there are two, and the initial bytes for another process */
  uint64_t taken_alone; /* the round in which it was copied by itself */
  arena_t *arena;       /* of its module; NULL where there can be none */
  bool known; /* the ranges mean something */
  bool taken; /* the copy is of the last boundary */
} shadow_t;

/*
 * Finds out what is to be copied, and makes room for it where the settings have it copied. Outside the pause. `initial`
 * must stay until shadow_close.
 */
void shadow_open(shadow_t *shadow, const segments_t *segments, arena_t *arena, const unsigned char *initial,
                 size_t initial_size);

/*
 * Gives the copy's memory back, of an image that does not run; it is made anew where the image runs again. The copy is
 * wiped: it holds addresses that would keep other images (search.h).
 */
void shadow_drop(shadow_t *shadow);

/* Gives the memory of one image's copy to another of the same size: pages that are there already cost no time. */
void shadow_hand_on(shadow_t *from, shadow_t *to);

/* Drops it, and forgets where the image lies. */
void shadow_close(shadow_t *shadow);

/* Whether copies are made, and the size above which a module goes without. On the engine's thread, or before it runs. */
void shadow_set(bool copies, size_t limit);

/* The frame list or a version in it is another one now. On the engine's thread. */
void shadow_list_changed(void);

/* Copies all running images, at the boundary before frame `frame`. On the engine's thread, between two calls. */
void shadow_take_all(uint64_t frame);

/* The bytes of the last copy, NULL where there is none. */
const unsigned char *shadow_latest(const shadow_t *shadow);

/* Bytes of a copy, those of the arena among them. */
size_t shadow_size(const shadow_t *shadow);

/* Copies one image, which runs, for this process alone. On the engine's thread, between two calls. */
void shadow_take(shadow_t *shadow);

/* SHADOW_NONE where the copy can be put back; so can one of no bytes. */
shadow_obstacle_t shadow_obstacle(const shadow_t *shadow);

/* Puts the copy back. A fault goes to the guard that the caller is in. */
void shadow_put_back(const shadow_t *shadow);

#endif
