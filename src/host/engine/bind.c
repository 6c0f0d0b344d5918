#include "bind.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "entry.h"
#include "find.h"
#include "table.h"

static image_t *provider_of(const import_t *import, bind_view_t view) {
  if (view == BIND_RUNNING) return find_current(import->provider);
  slot_t *slot = table_find(import->provider);
  if (slot == NULL) return NULL;
  bool takes_over = slot->staged != NULL && (view == BIND_STAGED || (view == BIND_COMMITTING && slot->committing));
  return takes_over ? slot->staged : slot->current;
}

/* Linkers have the loader make the tables of addresses read-only once they are filled in (PT_GNU_RELRO). */
static void protect(const segment_t *relro, int rights) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = relro->start / page * page;
  uintptr_t end = (relro->start + relro->size) / page * page;
  if (end > start) mprotect((void *)start, end - start, rights);
}

static bool is_in(const segment_t *segment, uintptr_t address) {
  return address >= segment->start && address - segment->start < segment->size;
}

/* One store, because threads of the module may be calling through the place. */
static void put(uintptr_t place, uintptr_t value) {
  atomic_store_explicit((_Atomic uintptr_t *)place, value, memory_order_release);
}

/*
 * A place that the program may write to, such as the first value of a variable, is only changed while it holds what it
 * was given; until then that is nothing but the addend.
 */
static void give(const image_t *image, import_t *import, uintptr_t address) {
  uintptr_t now = *(const uintptr_t *)import->place;
  bool ours = is_in(&image->segments.relro, import->place) || now == import->bound + import->addend;
  uintptr_t value = address == 0 ? 0 : address + import->addend;
  if (ours) put(import->place, value);
  import->bound = address;
}

bool bind_image(image_t *image, bind_view_t view, hot_failure_t *failure) {
  imports_t *imports = &image->imports;
  if (imports->count == 0) return true;
  for (size_t n = 0; n < imports->count; n++) {
    import_t *import = &imports->list[n];
    const image_t *provider = provider_of(import, view);
    import->found = provider == NULL ? 0 : (uintptr_t)entry_symbol(provider, import->symbol);
    import->from = provider;
    if (import->found != 0 || import->optional) continue;
    failure->problem = HOT_UNBOUND;
    memcpy(failure->module, image->module, sizeof failure->module);
    snprintf(failure->text, sizeof failure->text, "%s of %s", import->symbol, import->provider);
    return false;
  }
  protect(&image->segments.relro, PROT_READ | PROT_WRITE);
  for (size_t n = 0; n < imports->count; n++) give(image, &imports->list[n], imports->list[n].found);
  protect(&image->segments.relro, PROT_READ);
  return true;
}

/* An address that is another one now. */
typedef struct move {
  uintptr_t from;
  uintptr_t to;
} move_t;

typedef struct moves {
  move_t *list;
  size_t count;
  size_t capacity;
} moves_t;

/* Where memory is short, variables go on leading to the version that left, which then stays mapped. */
static void note_move(moves_t *moves, uintptr_t from, uintptr_t to) {
  if (from == 0 || to == 0 || from == to) return;
  if (moves->count == moves->capacity) {
    size_t capacity = moves->capacity == 0 ? 64 : moves->capacity * 2;
    move_t *list = realloc(moves->list, capacity * sizeof *list);
    if (list == NULL) return;
    moves->list = list;
    moves->capacity = capacity;
  }
  moves->list[moves->count++] = (move_t){.from = from, .to = to};
}

static int by_origin(const void *a, const void *b) {
  uintptr_t one = ((const move_t *)a)->from;
  uintptr_t other = ((const move_t *)b)->from;
  return (one > other) - (one < other);
}

static bool moved_symbol(const moves_t *moves, uintptr_t word, uintptr_t *to) {
  if (moves->count == 0) return false;
  move_t key = {.from = word};
  const move_t *found = bsearch(&key, moves->list, moves->count, sizeof *moves->list, by_origin);
  if (found != NULL) *to = found->to;
  return found != NULL;
}

/* Everything that has another address after a commit, as one image has to see it. */
typedef struct changes {
  moves_t symbols;
  const bind_departure_t *departures;
  size_t count;
} changes_t;

/* Nearly all words are told apart by the first comparison of each departure. */
static bool moved(const changes_t *changes, uintptr_t word, uintptr_t *to) {
  for (size_t n = 0; n < changes->count; n++) {
    const bind_departure_t *one = &changes->departures[n];
    if (word < one->image->low || word > one->image->high) continue;
    if (moved_symbol(&changes->symbols, word, to)) return true;
    if (one->plan != NULL && plan_find(one->plan, &one->images, word, to)) return true;
  }
  return false;
}

static void lead_words(const changes_t *changes, void *bytes, size_t size) {
  uintptr_t *words = bytes;
  for (size_t n = 0; n < size / sizeof *words; n++) {
    uintptr_t to;
    if (words[n] != 0 && moved(changes, words[n], &to)) words[n] = to;
  }
}

/* Variables, and what they are taken to have begun with: a variable that nobody changed must still look like that. */
static void lead_variables(image_t *image, const changes_t *changes) {
  const segment_t *relro = &image->segments.relro;
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind != SEGMENT_DATA) continue;
    uintptr_t start = is_in(segment, relro->start) ? relro->start + relro->size : segment->start;
    start = (start + sizeof(uintptr_t) - 1) / sizeof(uintptr_t) * sizeof(uintptr_t);
    uintptr_t end = segment->start + segment->size;
    if (start < end) lead_words(changes, (void *)start, end - start);
  }
  size_t skew = image->initial_start % sizeof(uintptr_t);
  if (image->initial != NULL && skew == 0) lead_words(changes, image->initial, image->initial_size);
}

static const bind_departure_t *departure_of(const image_t *image, const bind_departure_t *departures, size_t count) {
  for (size_t n = 0; n < count; n++) {
    if (strcmp(departures[n].image->module, image->module) == 0) return &departures[n];
  }
  return NULL;
}

/* What the version that left called a symbol, its successor finds in the variables it was given. */
static void note_moves_since(moves_t *moves, const imports_t *before, const imports_t *now) {
  for (size_t n = 0; n < before->count; n++) {
    const import_t *old = &before->list[n];
    for (size_t m = 0; m < now->count; m++) {
      const import_t *one = &now->list[m];
      if (strcmp(one->symbol, old->symbol) == 0) note_move(moves, old->bound, one->bound);
    }
  }
}

/* What it uses is only there. */
static void keep_for(const image_t *user, const import_t *import) {
  char text[HOT_NAME_MAX];
  snprintf(text, sizeof text, "%s in %s", import->symbol, user->module);
  image_keep((image_t *)import->from, HOT_BLOCKED_IMPORT, text);
}

/* True where anything leads elsewhere now. */
static bool bind_again(image_t *image, moves_t *moves) {
  imports_t *imports = &image->imports;
  bool any = false;
  for (size_t n = 0; n < imports->count; n++) {
    import_t *import = &imports->list[n];
    image_t *provider = find_current(import->provider);
    if (provider == import->from) continue;
    uintptr_t address = provider == NULL ? 0 : (uintptr_t)entry_symbol(provider, import->symbol);
    if (address == 0 && import->bound != 0 && !import->optional && provider != NULL) {
      if (import->from != NULL) keep_for(image, import);
      continue;
    }
    if (!any) protect(&image->segments.relro, PROT_READ | PROT_WRITE);
    any = true;
    note_move(moves, import->bound, address);
    give(image, import, address);
    import->from = provider;
  }
  if (any) protect(&image->segments.relro, PROT_READ);
  return any;
}

void bind_everything(bind_departure_t *departures, size_t count) {
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    image_t *image = slot->current;
    if (image->imports.count == 0) continue;
    changes_t changes = {.departures = departures, .count = count};
    bool again = bind_again(image, &changes.symbols);
    const bind_departure_t *own = departure_of(image, departures, count);
    if (own != NULL) note_moves_since(&changes.symbols, &own->image->imports, &image->imports);
    if (changes.symbols.count > 0) qsort(changes.symbols.list, changes.symbols.count, sizeof(move_t), by_origin);
    if (count > 0 && (again || own != NULL)) lead_variables(image, &changes);
    free(changes.symbols.list);
  }
}
