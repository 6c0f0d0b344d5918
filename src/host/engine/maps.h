/* maps.h: what the system says is mapped into this process (Linux: proc_pid_maps(5)). */
#ifndef HOTMOD_MAPS_H
#define HOTMOD_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct maps {
  FILE *file;
  uintptr_t start; /* of the mapping that maps_next came to: [start, end) */
  uintptr_t end;
  char access[5]; /* rwxp or rwxs, with - for what is not allowed */
  char path[256];  /* the file, `[heap]`, `[stack]`, or empty; the beginning of a longer one */
} maps_t;

/* False where the system has no such list. */
bool maps_open(maps_t *maps);

/* Goes on to the next mapping; false behind the last. */
bool maps_next(maps_t *maps);
void maps_close(maps_t *maps);

/* The file that a library would be listed as, to be freed; NULL where it cannot be listed by a plain name. */
char *maps_name(const char *path);

typedef struct maps_file {
  const char *name; /* of maps_name */
  bool mapped;      /* answered */
} maps_file_t;

/*
 * Looks each file up, in one reading of the list. One that was removed meanwhile is still found while it is mapped. False
 * where the system has no list.
 */
bool maps_find(maps_file_t *files, size_t count);

#endif
