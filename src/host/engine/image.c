#include "image.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atexit.h"
#include "bind.h"
#include "entry.h"
#include "maps.h"
#include "migrations.h"
#include "platform.h"
#include "search.h"

/*
 * Where images lie, for the signal handler: it can follow no list that another thread may be changing. Each module has two,
 * and those that cannot be unloaded; places that were never taken cost no memory.
 */
#define RANGES 16384
typedef struct range {
  _Atomic uintptr_t high; /* written last and cleared first; 0 where the place is free */
  uintptr_t low;
  /* From low on: an address in the code would keep the image from being closed (search.h). */
  uintptr_t base;
  uintptr_t code_start;
  uintptr_t code_end;
  const uint64_t *frames;
  uint32_t generation;
  char module[HOT_NAME_MAX];
} range_t;

static range_t ranges[RANGES];
static _Atomic size_t ranges_used; /* places behind these were never taken */
static _Atomic uint64_t kept;
static _Atomic(image_t *) first_kept;
static image_t *first_mapped; /* closed, and still there */
static _Atomic uint64_t mapped_count;

static void range_add(const image_t *image);
static void range_remove(const image_t *image);
static void free_image(image_t *image);
static bool unload(image_t *image);
static void add_mapped(image_t *image);
static void free_unmapped(void);
static void stays_mapped(image_t *image);
static bool bring_to_life(image_t *image, const char *imports, hot_failure_t *failure);
static void take_snapshot(image_t *image);

typedef struct load_call {
  const char *path;
  void *handle;
} load_call_t;

static void call_dlopen(void *argument) {
  load_call_t *call = argument;
  call->handle = dlopen(call->path, RTLD_NOW | RTLD_LOCAL);
}

static void call_dlclose(void *argument) {
  load_call_t *call = argument;
  dlclose(call->handle);
}

static void call_dlopen_again(void *argument) {
  load_call_t *call = argument;
  call->handle = dlopen(call->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (call->handle != NULL) dlclose(call->handle);
}

image_t *image_open(const char *module, uint32_t generation, const char *library, bool owns_file,
                    const hot_entry_names_t *entry, const char *imports, hot_failure_t *failure) {
  image_t *image = aligned_alloc(_Alignof(image_t), sizeof *image);
  if (image != NULL) memset(image, 0, sizeof *image);
  if (image != NULL) image->path = strdup(library);
  if (image == NULL || image->path == NULL) {
    free(image);
    failure->problem = HOT_NO_MEMORY;
    return NULL;
  }
  image->owns_file = owns_file;
  image->generation = generation;
  strncpy(image->module, module, sizeof image->module - 1);

  load_call_t call = {.path = library};
  status_site_t site = {.module = image->module, .call = "dlopen", .generation = generation};
  guard_watch(LANE_STAGING, &site, call_dlopen, &call);
  image->handle = call.handle;
  if (image->handle == NULL) {
    const char *reason = dlerror();
    failure->problem = HOT_NOT_LOADED;
    strncpy(failure->text, reason == NULL ? "" : reason, sizeof failure->text - 1);
    free_image(image);
    return NULL;
  }
  image->mapped_as = maps_name(library);
  segments_read(image->handle, &image->segments);
  if (platform_image_range(image->handle, &image->low, &image->high) == 0) range_add(image);
  image->constants_start = image->low;
  if (bring_to_life(image, imports, failure) && entry_look_up(image, entry, failure)) {
    migrations_look_up(image);
    take_snapshot(image);
    shadow_open(&image->shadow, &image->segments, arena_of(module), image->initial, image->initial_size);
    return image;
  }
  /* Without its constructors, its destructors must not run either. */
  if (failure->problem == HOT_CRASHED) image_pin(image);
  else if (!image->constructed) image_keep(image, HOT_BLOCKED_DESTRUCTORS, "");
  search_retire(image);
  return NULL;
}

static void call_constructors(void *argument) { imports_construct(&((image_t *)argument)->segments); }

/* Constructors that were held back until what they may call is bound run here, where a crash in them costs only this image. */
static bool bring_to_life(image_t *image, const char *imports, hot_failure_t *failure) {
  image->constructed = imports == NULL || imports[0] == 0;
  if (image->constructed) return true;
  if (!imports_read(&image->imports, &image->segments, imports, failure)) return false;
  if (!bind_image(image, BIND_STAGED, failure)) return false;
  status_site_t site = {.module = image->module, .call = "constructors", .generation = image->generation};
  guard_fault_t fault;
  image->constructed = guard_run(LANE_STAGING, &site, call_constructors, image, &fault);
  if (image->constructed) return true;
  guard_tell(&fault, &site, failure);
  return false;
}

/*
 * Variables that nobody has changed yet take the initial values of the next version. Taken after get_module_interface, which
 * may fill in a table of its own. Without a snapshot every value counts as changed.
 */
static void take_snapshot(image_t *image) {
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind != SEGMENT_DATA || segment->file_size == 0) continue;
    unsigned char *copy = malloc(segment->file_size);
    if (copy == NULL) return;
    memcpy(copy, (const void *)segment->start, segment->file_size);
    free(image->initial);
    image->initial = copy;
    image->initial_start = segment->start;
    image->initial_size = segment->file_size;
  }
}

void image_keep(image_t *image, hot_blocker_t why, const char *text) {
  if (image->pinned) return;
  image->pinned = true;
  image->blocker = why;
  strncpy(image->blocked_by, text, sizeof image->blocked_by - 1);
  kept++;
  image->next_kept = first_kept;
  while (!atomic_compare_exchange_weak(&first_kept, &image->next_kept, image)) continue;
}

void image_pin(image_t *image) { image_keep(image, HOT_BLOCKED_CRASH, ""); }

const image_t *image_first_kept(void) { return first_kept; }
const image_t *image_first_mapped(void) { return first_mapped; }

void image_close(image_t *image) {
  if (image != NULL) image_close_all(&image, 1);
}

void image_close_all(image_t *const *images, size_t count) {
  bool any = false;
  for (size_t n = 0; n < count; n++) {
    if (!unload(images[n])) continue;
    add_mapped(images[n]);
    any = true;
  }
  if (any) free_unmapped();
}

static void add_mapped(image_t *image) {
  image->next_kept = first_mapped;
  first_mapped = image;
  mapped_count++;
}

/* False where it stays as it is. */
static bool unload(image_t *image) {
  load_call_t call = {.path = image->path, .handle = image->handle};
  status_site_t site = {.module = image->module, .call = "dlclose", .generation = image->generation};
  if (image->pinned) return false;
  if (image->transferred) atexit_forget(image);
  else atexit_run(image);
  if (image->pinned) return false;
  range_remove(image);
  guard_watch(LANE_STAGING, &site, call_dlclose, &call);
  return true;
}

static bool loader_has(const image_t *image) {
  load_call_t call = {.path = image->path};
  status_site_t site = {.module = image->module, .call = "dlopen", .generation = image->generation};
  guard_watch(LANE_STAGING, &site, call_dlopen_again, &call);
  return call.handle != NULL;
}

/* Whether images are mapped, by the system's list and, where that does not help, by what the loader says. */
static void look_up(image_t *const *images, bool *mapped, size_t count) {
  maps_file_t files[count];
  size_t named = 0;
  for (size_t n = 0; n < count; n++) {
    if (images[n]->mapped_as != NULL) files[named++] = (maps_file_t){.name = images[n]->mapped_as};
  }
  bool listed = maps_find(files, named);
  named = 0;
  for (size_t n = 0; n < count; n++) {
    bool known = listed && images[n]->mapped_as != NULL;
    mapped[n] = known ? files[named].mapped : loader_has(images[n]);
    named += images[n]->mapped_as != NULL;
  }
}

#define LOOKED_UP 64

/*
 * The loader keeps some libraries (GNU-unique symbols, thread-locals with destructors, a dependent), some of them only for a
 * while: it looks again whenever another one is closed, and so does this.
 */
static void free_unmapped(void) {
  image_t *rest = first_mapped;
  first_mapped = NULL;
  mapped_count = 0;
  while (rest != NULL) {
    image_t *images[LOOKED_UP];
    bool mapped[LOOKED_UP];
    size_t count = 0;
    for (; rest != NULL && count < LOOKED_UP; rest = rest->next_kept) images[count++] = rest;
    look_up(images, mapped, count);
    for (size_t n = 0; n < count; n++) {
      if (mapped[n]) stays_mapped(images[n]);
      else free_image(images[n]);
    }
  }
}

/* Code of it may still run: a stack that leads there is told as that of the module. */
static void stays_mapped(image_t *image) {
  add_mapped(image);
  if (image->handle == NULL) return;
  image->handle = NULL;
  image->blocker = HOT_BLOCKED_LOADER;
  range_add(image);
  if (image->owns_file) unlink(image->path);
  image->owns_file = false;
}

static void free_image(image_t *image) {
  if (image->owns_file) unlink(image->path);
  if (image->handle == NULL) range_remove(image);
  image_forget_symbols(image);
  imports_free(&image->imports);
  free(image->initial);
  shadow_close(&image->shadow);
  free(image->mapped_as);
  free(image->path);
  free(image);
}

void image_forget_symbols(image_t *image) {
  for (size_t n = 0; image->symbols != NULL && n < SYMBOL_CACHE_SIZE; n++) free(image->symbols[n].name);
  free(image->symbols);
  image->symbols = NULL;
}

uint64_t image_kept_count(void) { return kept + mapped_count; }

/* Between the first and the last of its code; all of it where nobody knows. */
static void set_code(range_t *range, const image_t *image) {
  uintptr_t size = image->high - image->low;
  range->code_start = image->segments.count > 0 ? size : 0;
  range->code_end = image->segments.count > 0 ? 0 : size;
  for (size_t n = 0; n < image->segments.count; n++) {
    const segment_t *segment = &image->segments.list[n];
    uintptr_t start = segment->start - image->low;
    if (segment->kind != SEGMENT_CODE) continue;
    if (start < range->code_start) range->code_start = start;
    if (start + segment->size > range->code_end) range->code_end = start + segment->size;
  }
}

static void range_add(const image_t *image) {
  for (size_t n = 0; n < RANGES; n++) {
    if (ranges[n].high != 0) continue;
    ranges[n].low = image->low;
    ranges[n].base = image->segments.count > 0 ? image->segments.base - image->low : 0;
    set_code(&ranges[n], image);
    ranges[n].generation = image->generation;
    ranges[n].frames = &image->frames;
    memcpy(ranges[n].module, image->module, sizeof ranges[n].module);
    ranges[n].high = image->high;
    if (n >= ranges_used) ranges_used = n + 1;
    return;
  }
}

static void range_remove(const image_t *image) {
  for (size_t n = 0; n < ranges_used; n++) {
    if (ranges[n].high == image->high && ranges[n].low == image->low && image->high != 0) ranges[n].high = 0;
  }
}

bool image_at(uintptr_t address, image_place_t *place) {
  size_t used = ranges_used;
  for (size_t n = 0; n < used; n++) {
    const range_t *range = &ranges[n];
    uintptr_t offset = address - range->low;
    if (range->high == 0 || offset >= range->code_end || offset < range->code_start) continue;
    *place = (image_place_t){
        .module = range->module, .generation = range->generation, .base = range->low + range->base, .frames = *range->frames};
    return true;
  }
  return false;
}

bool image_is_pointed_into(const image_t *image, const void *data, size_t size) {
  const unsigned char *bytes = data;
  /* malloc's blocks are aligned for pointers, so the offsets of aligned words are multiples of a word's size. */
  for (size_t offset = 0; offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    if (image_holds(image, word)) return true;
  }
  return false;
}
