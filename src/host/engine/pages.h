/* pages.h: which pages of this process's memory hold anything: most of what is mapped never does. */
#ifndef HOTMOD_PAGES_H
#define HOTMOD_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pages {
  int file;
  size_t page_size;
} pages_t;

/* Where the system does not tell, every page counts as used. */
void pages_open(pages_t *pages);
void pages_close(pages_t *pages);

/*
 * The first stretch of used pages at or after `from` and before `end`, cut off at `end`. False where there is none. Only
 * for memory that is private to this process: what is shared may be filled by another one.
 */
bool pages_next_used(const pages_t *pages, uintptr_t from, uintptr_t end, uintptr_t *start, uintptr_t *stop);

#endif
