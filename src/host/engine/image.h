/* image.h: one loaded library of a module, and where it lies in memory. */
#ifndef HOTMOD_IMAGE_H
#define HOTMOD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"
#include "hotmod_engine.h"
#include "hotmod_state.h"
#include "imports.h"
#include "module_interface.h"
#include "segments.h"
#include "shadow.h"

#define SYMBOL_CACHE_SIZE 64

typedef struct symbol_entry {
  char *name;
  void *address;
} symbol_entry_t;

/* What every frame reads and writes comes first, in as few lines of the processor's caches as it can (loop.c). */
typedef struct image {
  _Alignas(64) uint64_t frames;
  uint64_t fault_at; /* when the fault was caught that its next call follows; 0 where none was */
  uint32_t generation;
  bool running;   /* takes part in frames */
  bool plain;     /* plain functions, whose results mean nothing: many are void */
  module_vtable_t calls;
  char module[HOT_NAME_MAX];

  uintptr_t low;
  uintptr_t high;
  bool shut_down; /* its shutdown was called after it was replaced */
  bool pinned;    /* something may still need it: a crash left it in an unknown state, or saved state points into it */
  bool constructed; /* its constructors ran */
  shadow_t shadow;
  uint64_t recovery_ns; /* from the last fault to the next call; 0 where there was none */

  void *handle;
  char *path;
  bool owns_file;
  const char *(*view)(void);
  const module_function_t *function_table;
  symbol_entry_t *symbols; /* SYMBOL_CACHE_SIZE of them; NULL until another module asks for a symbol */
  hot_module_facts_t facts;
  hotmod_state_version_t state_version; /* what it declares of its saved state; magic 0 where nothing */

  _Atomic int critical;   /* open critical sections (critical.h) */
  char critical_why[64];
  imports_t imports;      /* what it uses of other modules */
  segments_t segments;    /* count 0 where the system does not tell */
  unsigned char *initial; /* its writable bytes as they were when it had been loaded; NULL where there are none */
  uintptr_t initial_start;
  size_t initial_size;
  bool transferred;           /* its state went on to another image by a plan, which may lead back here */
  bool needs_search;          /* objects on the heap may point into it */
  bool searched;              /* all of memory was looked through for it once */
  uintptr_t constants_start;  /* the first of its constants that anything may point to */
} image_t;

/*
 * Loads a library, binds what it uses of other modules (imports.h; NULL for nothing) and looks up its entry. Must run on a thread that has called guard_thread_open. NULL with *failure
 * filled in where that did not work; nothing is left behind then.
 */
image_t *image_open(const char *module, uint32_t generation, const char *library, bool owns_file,
                    const hot_entry_names_t *entry, const char *imports, hot_failure_t *failure);

/* Unloads and frees an image; one that is pinned, or that the loader does not let go, stays mapped and is counted. */
void image_close(image_t *image);

/* Forgets what other modules asked of it. */
void image_forget_symbols(image_t *image);

/* Images that stay mapped although nothing runs them. */
uint64_t image_kept_count(void);

/* Counts an image that image_close would keep, from the moment on at which it is known. */
void image_pin(image_t *image);

typedef struct image_place {
  const char *module; /* a field of HOT_NAME_MAX bytes */
  uint32_t generation;
  uintptr_t base; /* what was added to the addresses in the library's file */
} image_place_t;

/* The module whose code holds an address. Safe in a signal handler. */
bool image_at(uintptr_t address, image_place_t *place);

/* True where an aligned word of the data is an address inside the image. */
bool image_is_pointed_into(const image_t *image, const void *data, size_t size);

#endif
