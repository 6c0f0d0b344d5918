/*
 * Clearing of memory that is freed or left next. What is left there is found by a search for pointers into an image
 * (search.h) and would keep it; and a compiler leaves out writes that nobody reads, unless it must believe that somebody does.
 */
#ifndef HOTMOD_ENGINE_WIPE_H
#define HOTMOD_ENGINE_WIPE_H

#include <stddef.h>
#include <string.h>

/* Sets `size` bytes to zero, for certain; `bytes` may be NULL where `size` is 0. */
static inline void wipe(void *bytes, size_t size) {
  if (size > 0) memset(bytes, 0, size);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

#endif
