/* segments.h: the parts of a loaded library by what may be done with them. */
#ifndef HOTMOD_SEGMENTS_H
#define HOTMOD_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENTS_MAX 16

typedef enum segment_kind { SEGMENT_CODE, SEGMENT_CONSTANT, SEGMENT_DATA } segment_kind_t;

typedef struct segment {
  segment_kind_t kind;
  uintptr_t start;
  size_t size;
  size_t file_size; /* what lies behind it is zero at first (.bss) */
} segment_t;

typedef struct segments {
  uintptr_t base; /* what is added to the addresses in the library's file */
  size_t count;
  segment_t list[SEGMENTS_MAX];
  /* The dynamic section, which the loader itself points into; size 0 where there is none. */
  segment_t dynamic;
} segments_t;

/* Reads the segments of a library that is loaded. False where the system does not say, or there are too many. */
bool segments_read(void *handle, segments_t *segments);

#endif
