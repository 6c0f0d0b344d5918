#include "search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* So many images that need all of memory to be searched are gathered first; one search then serves them all. */
#define GATHERED 4
#define BLOCK (1u << 16)

typedef struct waiting {
  image_t *image;
  bool found; /* something points into it */
} waiting_t;

static waiting_t *list;
static size_t list_count;
static size_t list_capacity;

void search_retire(image_t *image) {
  if (list_count == list_capacity) {
    size_t capacity = list_capacity == 0 ? 16 : list_capacity * 2;
    waiting_t *grown = realloc(list, capacity * sizeof *grown);
    if (grown == NULL) {
      image_pin(image);
      return;
    }
    list = grown;
    list_capacity = capacity;
  }
  /* What the engine itself remembers of the image is no reason to keep it. */
  memset(&image->calls, 0, sizeof image->calls);
  image->view = NULL;
  image->function_table = NULL;
  image_forget_symbols(image);
  list[list_count++] = (waiting_t){.image = image};
}

size_t search_waiting(void) { return list_count; }

/* Code and data, but not the tables at the front of the file and the dynamic section, which the loader points into. */
static bool points_into(const image_t *image, uintptr_t word) {
  if (word < image->low || word >= image->high) return false;
  if (word - image->segments.dynamic.start < image->segments.dynamic.size) return false;
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (word - segment->start >= segment->size) continue;
    return segment->kind != SEGMENT_CONSTANT || word >= image->constants_start;
  }
  return false;
}

static void scan_words(const unsigned char *bytes, size_t size) {
  for (size_t offset = 0; offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    /* Small numbers and text are the most of what there is. */
    if (word < 4096) continue;
    for (size_t n = 0; n < list_count; n++) {
      if (!list[n].found && points_into(list[n].image, word)) list[n].found = true;
    }
  }
}

/* Memory may be unmapped by other threads meanwhile: it is copied, which fails where there is none. */
static void scan_range(uintptr_t start, size_t size) {
  static unsigned char block[BLOCK];
  for (size_t done = 0; done < size; done += BLOCK) {
    size_t part = size - done < BLOCK ? size - done : BLOCK;
    if (memory_read(start + done, block, part)) scan_words(block, part);
  }
}

static void scan_data(const image_t *image) {
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind == SEGMENT_DATA) scan_range(segment->start, segment->size);
  }
}

/* Parts of images that wait count only once something leads to those images. */
static void scan_around_waiting(uintptr_t start, uintptr_t end) {
  for (size_t n = 0; n < list_count; n++) {
    const image_t *image = list[n].image;
    if (end <= image->low || start >= image->high) continue;
    if (start < image->low) scan_around_waiting(start, image->low);
    if (end > image->high) scan_around_waiting(image->high, end);
    return;
  }
  scan_range(start, end - start);
}

/* False where the system does not tell what memory there is; then everything stays. */
static bool scan_memory(void) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return false;
  char line[512];
  while (fgets(line, sizeof line, maps) != NULL) {
    uintptr_t start, end;
    char access[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, access) != 3) continue;
    if (access[0] == 'r' && access[1] == 'w') scan_around_waiting(start, end);
  }
  fclose(maps);
  return true;
}

/* An image that stays keeps alive what its own data points into. */
static void follow_found(void) {
  bool more = true;
  bool followed[1024] = {0};
  while (more) {
    more = false;
    for (size_t n = 0; n < list_count && n < 1024; n++) {
      if (!list[n].found || followed[n]) continue;
      followed[n] = true;
      more = true;
      scan_data(list[n].image);
    }
  }
}

static size_t count_unsearched(void) {
  size_t count = 0;
  for (size_t n = 0; n < list_count; n++) count += list[n].image->needs_search && !list[n].image->searched;
  return count;
}

void search_sweep(image_t *const *live, size_t count) {
  if (list_count == 0) return;
  bool everything = count_unsearched() >= GATHERED;
  for (size_t n = 0; n < list_count; n++) list[n].found = false;
  if (everything && scan_memory()) {
    for (size_t n = 0; n < list_count; n++) list[n].image->searched = true;
  } else {
    everything = false;
    for (size_t n = 0; n < count; n++) scan_data(live[n]);
  }
  for (size_t n = 0; n < list_count; n++) {
    if (list[n].image->needs_search && !everything) list[n].found = true;
  }
  follow_found();
  size_t kept = 0;
  for (size_t n = 0; n < list_count; n++) {
    if (list[n].found) list[kept++] = list[n];
    else image_close(list[n].image);
  }
  list_count = kept;
}
