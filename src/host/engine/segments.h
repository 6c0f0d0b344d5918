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
  segment_t relro; /* made read-only after relocation (PT_GNU_RELRO); size 0 where nothing is */
  /* What the loader itself keeps the addresses of. */
  segment_t dynamic;      /* the dynamic section; size 0 where there is none */
  uintptr_t tables_end;   /* the end of the symbol, string, version, hash and relocation tables at the front */
  uintptr_t unwind_table; /* start of .eh_frame_hdr; 0 where there is none */
} segments_t;

/* Reads the segments of a library that is loaded. False where the system does not say, or there are too many. */
bool segments_read(void *handle, segments_t *segments);

/* Adds to every address. */
void segments_move(segments_t *segments, uintptr_t by);

/*
 * Bytes of the loader's record of a library, which begins where its handle points to: it holds more addresses than can be
 * told apart, such as the end of the code, where the constants often begin. 0 where nobody knows.
 */
size_t segments_record_size(void *handle);

/* True for an address that the loader holds as long as the library is loaded, and that therefore says nothing. */
bool segments_is_known_to_loader(const segments_t *segments, uintptr_t address);

#endif
