#include "search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atexit.h"
#include "memory.h"
#include "pages.h"
#include "vault.h"

/* So many images that need all of memory to be searched are gathered first; one search then serves them all. */
#define GATHERED 4
#define BLOCK (1u << 16)
#define PAGE 4096u

typedef struct waiting {
  image_t *image;       /* its segments begin at 0, and it has no other addresses */
  uintptr_t hidden_low; /* complement of the image's first address */
  uintptr_t size;
  size_t record_size; /* bytes of the loader's record, at image->handle */
  bool found;         /* something points into it */
  bool followed;      /* what it points into was looked at */
} waiting_t;

static waiting_t *list;
static size_t list_count;
static size_t list_capacity;

static void hide(waiting_t *waiting);
static void close_waiting(waiting_t *waiting);
static bool scan_memory(uintptr_t stack);
static void scan_range(uintptr_t start, size_t size);
static void scan_data(const image_t *image, uintptr_t added);
static void scan_copy(const shadow_t *shadow);
static void follow_found(void);

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
  list[list_count] = (waiting_t){.image = image,
                                 .hidden_low = ~image->low,
                                 .size = image->high - image->low,
                                 .record_size = segments_record_size(image->handle)};
  hide(&list[list_count++]);
}

size_t search_waiting(void) { return list_count; }

static bool needs_everything(const waiting_t *waiting) { return waiting->image->needs_search; }

static bool is_search_due(bool at_once) {
  size_t count = 0;
  for (size_t n = 0; n < list_count; n++) count += needs_everything(&list[n]) && !list[n].image->searched;
  return count >= (at_once ? 1 : GATHERED);
}

void search_sweep(image_t *const *live, size_t count, bool at_once) {
  uintptr_t here = (uintptr_t)&here;
  size_t by_variables = 0;
  for (size_t n = 0; n < list_count; n++) {
    by_variables += !needs_everything(&list[n]);
    list[n].found = false;
    list[n].followed = false;
  }
  bool everything = is_search_due(at_once);
  if (!everything && by_variables == 0) return;
  if (everything) everything = scan_memory(here);
  for (size_t n = 0; !everything && n < count; n++) {
    scan_data(live[n], 0);
  }
  /* A crash may bring back what the variables held at the last frame boundary. */
  for (size_t n = 0; n < count; n++) scan_copy(&live[n]->shadow);
  for (size_t n = 0; n < list_count; n++) {
    if (everything) list[n].image->searched = true;
    else if (needs_everything(&list[n])) list[n].found = true;
  }
  follow_found();
  size_t kept = 0;
  for (size_t n = 0; n < list_count; n++) {
    if (list[n].found) list[kept++] = list[n];
    else close_waiting(&list[n]);
  }
  list_count = kept;
}

/* The compiler would leave out a write to memory that is freed next. */
static void wipe(void *bytes, size_t size) {
  memset(bytes, 0, size);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

/* As deep as calls of the engine go; modules may have gone deeper, which later calls write over. */
#define STACK_BYTES (64u << 10)

__attribute__((noinline)) void search_forget_stack(void) {
  unsigned char unused[STACK_BYTES];
  wipe(unused, sizeof unused);
}

/* What the engine itself remembers of an image is no reason to keep it: nothing calls it or asks for its symbols now. */
static void hide(waiting_t *waiting) {
  image_t *image = waiting->image;
  atexit_forget(image);
  image_forget_symbols(image);
  /* A snapshot holds the image's pointers to itself. */
  if (image->initial != NULL) wipe(image->initial, image->initial_size);
  free(image->initial);
  image->initial = NULL;
  image->initial_start = 0;
  shadow_close(&image->shadow);
  memset(&image->calls, 0, sizeof image->calls);
  image->view = NULL;
  image->function_table = NULL;
  memset(&image->state_version, 0, sizeof image->state_version);
  segments_move(&image->segments, 0 - image->low);
  image->constants_start -= image->low;
  image->low = 0;
  image->high = 0;
}

static void close_waiting(waiting_t *waiting) {
  waiting->image->low = ~waiting->hidden_low;
  waiting->image->high = ~waiting->hidden_low + waiting->size;
  image_close(waiting->image);
}

/* Everything is reckoned from the image's start, so that none of its addresses stays behind on the stack. */
static bool points_into(const waiting_t *waiting, uintptr_t word) {
  const image_t *image = waiting->image;
  uintptr_t offset = word - ~waiting->hidden_low;
  if (offset >= waiting->size || segments_is_known_to_loader(&image->segments, offset)) return false;
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (offset - segment->start >= segment->size) continue;
    return segment->kind != SEGMENT_CONSTANT || offset >= image->constants_start;
  }
  return false;
}

/* The stretch of memory that all images that wait lie in: hardly any word of a program leads there. */
static void find_span(uintptr_t *low, uintptr_t *size) {
  uintptr_t high = 0;
  *low = UINTPTR_MAX;
  for (size_t n = 0; n < list_count; n++) {
    uintptr_t start = ~list[n].hidden_low;
    if (start < *low) *low = start;
    if (start + list[n].size > high) high = start + list[n].size;
  }
  *size = high - *low;
}

static void scan_words(const unsigned char *bytes, size_t size) {
  uintptr_t low, span;
  find_span(&low, &span);
  for (size_t offset = 0; offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    if (word - low >= span) continue;
    for (size_t n = 0; n < list_count; n++) {
      if (!list[n].found && points_into(&list[n], word)) list[n].found = true;
    }
  }
}

/*
 * Memory may be unmapped by other threads meanwhile: it is copied, which fails where there is none. Where a page is
 * missing the others still count. What was copied is wiped, or the next search would find it here.
 */
static void scan_range(uintptr_t start, size_t size) {
  static unsigned char block[BLOCK] __attribute__((aligned(16)));
  for (size_t done = 0; done < size; done += BLOCK) {
    size_t part = size - done < BLOCK ? size - done : BLOCK;
    if (memory_read(start + done, block, part)) {
      scan_words(block, part);
    } else {
      for (size_t page = 0; page + PAGE <= part; page += PAGE) {
        if (memory_read(start + done + page, block, PAGE)) scan_words(block, PAGE);
      }
    }
  }
  wipe(block, sizeof block);
}

/* `added` is what the addresses of its segments lack: those of an image that waits begin at 0. */
static __attribute__((noinline)) void scan_data(const image_t *image, uintptr_t added) {
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind == SEGMENT_DATA) scan_range(segment->start + added, segment->size);
  }
}

/* Only the copy that a crash would bring back: the vault holds older ones too. */
static void scan_copy(const shadow_t *shadow) {
  const unsigned char *bytes = shadow_latest(shadow);
  if (bytes != NULL && shadow->taken) scan_range((uintptr_t)bytes, shadow->size);
}

static bool overlaps(uintptr_t start, uintptr_t end, uintptr_t low, uintptr_t size) {
  return size > 0 && end > low && start < low + size;
}

/* A runtime maps hundreds of megabytes that it may use one day; what nobody wrote to holds no addresses. */
static void scan_used(const pages_t *pages, uintptr_t start, uintptr_t end) {
  uintptr_t from, stop;
  for (uintptr_t at = start; at < end && pages_next_used(pages, at, end, &from, &stop); at = stop) {
    scan_range(from, stop - from);
  }
}

/*
 * Parts of images that wait count only once something leads to those images, and the loader's records of them not at all.
 * `first` is where in the list to begin: what comes before does not overlap. `pages` is NULL for shared memory.
 */
static void scan_around_waiting(const pages_t *pages, uintptr_t start, uintptr_t end, size_t first) {
  for (size_t n = first; n < list_count; n++) {
    uintptr_t low = ~list[n].hidden_low;
    uintptr_t size = list[n].size;
    if (!overlaps(start, end, low, size)) {
      low = (uintptr_t)list[n].image->handle;
      size = list[n].record_size;
      if (!overlaps(start, end, low, size)) continue;
    }
    if (start < low) scan_around_waiting(pages, start, low, n);
    if (end > low + size) scan_around_waiting(pages, low + size, end, n);
    return;
  }
  if (pages == NULL) scan_range(start, end - start);
  else scan_used(pages, start, end);
}

/*
 * All memory that can be written. Of this thread's own stack, what lies below `stack` is not in use. False where the
 * system does not tell what memory there is; then everything stays.
 */
static __attribute__((noinline)) bool scan_memory(uintptr_t stack) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return false;
  char line[512];
  pages_t pages;
  pages_open(&pages);
  while (fgets(line, sizeof line, maps) != NULL) {
    uintptr_t start, end;
    char access[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, access) != 3) continue;
    if (access[0] != 'r' || access[1] != 'w' || vault_holds(start)) continue;
    if (stack >= start && stack < end) start = stack & ~(uintptr_t)(sizeof stack - 1);
    scan_around_waiting(access[3] == 'p' ? &pages : NULL, start, end, 0);
  }
  pages_close(&pages);
  fclose(maps);
  return true;
}

/* An image that stays keeps alive what its own data points into. */
static __attribute__((noinline)) void follow_found(void) {
  bool more = true;
  while (more) {
    more = false;
    for (size_t n = 0; n < list_count; n++) {
      if (!list[n].found || list[n].followed) continue;
      list[n].followed = true;
      more = true;
      scan_data(list[n].image, ~list[n].hidden_low);
    }
  }
}
