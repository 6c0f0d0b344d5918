#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "atexit.h"
#include "maps.h"
#include "memory.h"
#include "pages.h"
#include "threads.h"
#include "vault.h"
#include "wipe.h"

/* So many images that need all of memory to be searched are gathered first; one search then serves them all. */
#define GATHERED 4
#define BLOCK (1u << 16)
#define PAGE 4096u

typedef struct waiting {
  image_t *image;       /* its segments begin at 0, and it has no other addresses */
  uintptr_t hidden_low; /* complement of the image's first address */
  uintptr_t size;
  size_t record_size; /* bytes of the loader's record, at image->handle */
  bool found;         /* something points into it, or a thread is inside */
  bool followed;      /* what it points into was looked at */
  hot_kept_image_t why; /* where found; holds none of its addresses */
  hot_kept_image_t before; /* the same of the search before */
} waiting_t;

/* Whose words are being looked through. */
typedef struct source {
  hot_blocker_t blocker;
  const image_t *holder; /* NULL for memory that belongs to no image */
  uintptr_t base;        /* what is taken from the address of a word for the place in the holder's file */
  const char *mapping;   /* what the system calls the memory */
} source_t;

static waiting_t *list;
static size_t list_count;
static size_t list_capacity;

static void hide(waiting_t *waiting);
static void show(waiting_t *waiting);
static bool scan_memory(uintptr_t stack);
static void scan_range(uintptr_t start, size_t size);
static void scan_image(const image_t *image, hot_blocker_t blocker, uintptr_t added);
static void scan_threads(uintptr_t here);
static void follow_found(void);
static void close_unfound(void);

static source_t source;

void search_retire(image_t *image) {
  if (image == NULL || image->pinned) return;
  if (image->segments.count == 0) {
    if (image->transferred) image_keep(image, HOT_BLOCKED_UNKNOWN, "");
    else image_close(image);
    return;
  }
  if (list_count == list_capacity) {
    size_t capacity = list_capacity == 0 ? 16 : list_capacity * 2;
    waiting_t *grown = realloc(list, capacity * sizeof *grown);
    if (grown == NULL) {
      image_keep(image, HOT_BLOCKED_UNKNOWN, "");
      return;
    }
    list = grown;
    list_capacity = capacity;
  }
  list[list_count] = (waiting_t){.image = image,
                                 .hidden_low = ~image->low,
                                 .size = image->high - image->low,
                                 .record_size = segments_record_size(image->handle),
                                 .why.generation = image->generation};
  memcpy(list[list_count].why.module, image->module, sizeof image->module);
  hide(&list[list_count++]);
}

size_t search_waiting(void) { return list_count; }

const hot_kept_image_t *search_blocker(size_t n) { return n < list_count ? &list[n].why : NULL; }

static bool needs_everything(const waiting_t *waiting) { return waiting->image->needs_search; }

static bool was_held_openly(const waiting_t *waiting) {
  hot_blocker_t blocker = waiting->before.blocker;
  return blocker == HOT_BLOCKED_THREAD || blocker == HOT_BLOCKED_SILENT_THREAD || blocker == HOT_BLOCKED_VARIABLE;
}

/* Of those that only a search of all memory can let go. What was told to be in the way, and is gone, is worth one. */
static bool is_search_due(bool at_once) {
  size_t count = 0;
  for (size_t n = 0; n < list_count; n++) {
    if (list[n].found || !needs_everything(&list[n])) continue;
    if (was_held_openly(&list[n])) return true;
    count += !list[n].image->searched;
  }
  return count >= (at_once ? 1 : GATHERED);
}

/* The name, the number and the count stay. */
static void forget_blocker(waiting_t *waiting) {
  hot_kept_image_t fresh = {.generation = waiting->why.generation, .searches = waiting->why.searches};
  memcpy(fresh.module, waiting->why.module, sizeof fresh.module);
  waiting->before = waiting->why;
  waiting->why = fresh;
  waiting->found = false;
  waiting->followed = false;
}

void search_sweep(image_t *const *live, size_t count, size_t running, bool at_once) {
  uintptr_t here = (uintptr_t)&here;
  if (list_count == 0) return;
  for (size_t n = 0; n < list_count; n++) forget_blocker(&list[n]);
  scan_threads(here);
  for (size_t n = 0; n < count; n++) scan_image(live[n], n < running ? HOT_BLOCKED_VARIABLE : HOT_BLOCKED_WAY_BACK, 0);
  bool everything = is_search_due(at_once) && scan_memory(here);
  for (size_t n = 0; n < list_count; n++) {
    waiting_t *waiting = &list[n];
    if (everything) waiting->image->searched = true;
    if (everything && waiting->found) waiting->why.searches++;
    if (everything || waiting->found || !needs_everything(waiting)) continue;
    waiting->found = true;
    if (waiting->before.blocker == HOT_BLOCKED_MEMORY) waiting->why = waiting->before;
  }
  follow_found();
  close_unfound();
}

static void close_unfound(void) {
  image_t **closing = calloc(list_count + 1, sizeof *closing);
  size_t left = 0;
  size_t count = 0;
  for (size_t n = 0; n < list_count; n++) {
    if (list[n].found || closing == NULL) {
      list[left++] = list[n];
    } else {
      closing[count++] = list[n].image;
      show(&list[n]);
    }
  }
  list_count = left;
  image_close_all(closing, count);
  free(closing);
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
  /* Destructors of one whose state did not go on are run when it is closed. */
  if (image->transferred) atexit_forget(image);
  image_forget_symbols(image);
  imports_free(&image->imports);
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

static void show(waiting_t *waiting) {
  waiting->image->low = ~waiting->hidden_low;
  waiting->image->high = ~waiting->hidden_low + waiting->size;
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

/* Where a word of the image's file is, as an offset from its start. */
static uint64_t address_in_file(const waiting_t *waiting, uintptr_t word) {
  return word - ~waiting->hidden_low - waiting->image->segments.base;
}

static void set_text(hot_kept_image_t *why, const char *text) {
  strncpy(why->text, text, sizeof why->text - 1);
  why->text[sizeof why->text - 1] = 0;
}

/* `place` is where the word lies. */
static void note_pointer(waiting_t *waiting, uintptr_t word, uintptr_t place) {
  hot_kept_image_t *why = &waiting->why;
  waiting->found = true;
  why->blocker = source.blocker;
  why->place = place - source.base;
  why->target = address_in_file(waiting, word);
  if (source.holder != NULL) memcpy(why->holder, source.holder->module, sizeof why->holder);
  if (source.holder != NULL) why->holder_generation = source.holder->generation;
  if (source.mapping != NULL) set_text(why, source.mapping);
}

static void scan_words(const unsigned char *bytes, size_t size, uintptr_t place) {
  uintptr_t low, span;
  find_span(&low, &span);
  for (size_t offset = 0; offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    if (word - low >= span) continue;
    for (size_t n = 0; n < list_count; n++) {
      if (!list[n].found && points_into(&list[n], word)) note_pointer(&list[n], word, place + offset);
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
      scan_words(block, part, start + done);
    } else {
      for (size_t page = 0; page + PAGE <= part; page += PAGE) {
        if (memory_read(start + done + page, block, PAGE)) scan_words(block, PAGE, start + done + page);
      }
    }
  }
  wipe(block, sizeof block);
}

/* `added` is what the addresses of its segments lack: those of an image that waits begin at 0. */
static __attribute__((noinline)) void scan_image(const image_t *image, hot_blocker_t blocker, uintptr_t added) {
  source = (source_t){.blocker = blocker, .holder = image, .base = image->segments.base + added};
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind == SEGMENT_DATA) scan_range(segment->start + added, segment->size);
  }
  /* A crash may bring back what the variables held at the last frame boundary. The vault holds older copies too. */
  uintptr_t copy = image->shadow.taken ? (uintptr_t)shadow_latest(&image->shadow) : 0;
  for (size_t n = 0; copy != 0 && n < image->shadow.count; n++) {
    size_t size = image->shadow.ranges[n].size;
    source.base = copy - (image->shadow.ranges[n].start - image->segments.base);
    scan_range(copy, size);
    copy += size;
  }
  source.base = 0;
}

/* Code that a thread may be in: of all that wait and are looked at. */
static bool is_waiting_code(const waiting_t *waiting, uintptr_t address) {
  uintptr_t offset = address - ~waiting->hidden_low;
  if (waiting->found || offset >= waiting->size) return false;
  const segments_t *segments = &waiting->image->segments;
  for (size_t n = 0; n < segments->count; n++) {
    const segment_t *segment = &segments->list[n];
    if (segment->kind == SEGMENT_CODE && offset - segment->start < segment->size) return true;
  }
  return false;
}

static bool concerns(uintptr_t address) {
  for (size_t n = 0; n < list_count; n++) {
    if (is_waiting_code(&list[n], address)) return true;
  }
  return false;
}

/* A return address may be the first one behind the code. */
static void note_thread(const thread_t *thread, uintptr_t address) {
  for (size_t n = 0; n < list_count; n++) {
    waiting_t *waiting = &list[n];
    bool inside = is_waiting_code(waiting, address) || is_waiting_code(waiting, address - 1);
    if (waiting->found || !(thread->silent || inside)) continue;
    waiting->found = true;
    waiting->why.blocker = thread->silent ? HOT_BLOCKED_SILENT_THREAD : HOT_BLOCKED_THREAD;
    waiting->why.thread = thread->id;
    waiting->why.target = thread->silent ? 0 : address_in_file(waiting, address);
    set_text(&waiting->why, thread->name);
  }
}

static __attribute__((noinline)) void scan_threads(uintptr_t here) {
  thread_search_t search = {.concerns = concerns, .found = note_thread};
  find_span(&search.low, &search.size);
  threads_search(&search, here);
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
  maps_t maps;
  pages_t pages;
  if (!maps_open(&maps)) return false;
  pages_open(&pages);
  while (maps_next(&maps)) {
    uintptr_t start = maps.start;
    if (maps.access[0] != 'r' || maps.access[1] != 'w' || vault_holds(start)) continue;
    if (stack >= start && stack < maps.end) start = stack & ~(uintptr_t)(sizeof stack - 1);
    source = (source_t){.blocker = HOT_BLOCKED_MEMORY, .mapping = maps.path};
    scan_around_waiting(maps.access[3] == 'p' ? &pages : NULL, start, maps.end, 0);
  }
  source = (source_t){0};
  pages_close(&pages);
  maps_close(&maps);
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
      hot_blocker_t blocker = list[n].why.blocker;
      bool passes = blocker == HOT_BLOCKED_UNSEARCHED || blocker == HOT_BLOCKED_WAY_BACK;
      scan_image(list[n].image, passes ? blocker : HOT_BLOCKED_VARIABLE, ~list[n].hidden_low);
    }
  }
}
