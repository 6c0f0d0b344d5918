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
  bool pinned;    /* something may still need it, and nobody can tell for how long: see blocker */
  bool constructed; /* its constructors ran */
  shadow_t shadow;
  uint64_t recovery_ns; /* from the last fault to the next call; 0 where there was none */

  void *handle;
  char *path;
  char *mapped_as;  /* its name in the list of what is mapped (maps.h); NULL where unknown */
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
  struct ghost *ghost;        /* what is left of it, where it was in another process (inherit.h); NULL */
  hot_blocker_t blocker;      /* why it stays mapped, where it is pinned or the loader keeps it */
  char blocked_by[HOT_NAME_MAX]; /* what the blocker is about, in words; may be empty */
  struct image *next_kept;
  uintptr_t constants_start;  /* the first of its constants that anything may point to */
} image_t;

/*
 * Loads a library, binds what it uses of other modules (imports.h; NULL for nothing) and looks up its entry. Must run on a thread that has called guard_thread_open. NULL with *failure
 * filled in where that did not work; nothing is left behind then.
 */
image_t *image_open(const char *module, uint32_t generation, const char *library, bool owns_file,
                    const hot_entry_names_t *entry, const char *imports, hot_failure_t *failure);

/*
 * Runs the destructors of images and unloads them; those that are pinned stay as they are. What the list of mapped files
 * shows afterwards all the same, or the loader where there is no such list, is kept and counted until it is gone. Frees
 * the others.
 */
void image_close_all(image_t *const *images, size_t count);
void image_close(image_t *image);

/* Forgets what other modules asked of it. */
void image_forget_symbols(image_t *image);

/* Images that stay mapped although nothing runs them, those apart that wait in search.h. */
uint64_t image_kept_count(void);

/* Never closes the image. It counts as kept from now on. */
void image_keep(image_t *image, hot_blocker_t why, const char *text);

/* The same after a crash in it: nobody knows what holds on to it. */
void image_pin(image_t *image);

/* Those that image_kept_count counts: the first, and by next_kept the others. With the transaction lock held. */
const image_t *image_first_kept(void);
const image_t *image_first_mapped(void);

/* Whether an address lies inside the image; of one whose place nobody knows, none does. */
static inline bool image_holds(const image_t *image, uintptr_t address) {
  return address >= image->low && address < image->high;
}

typedef struct image_place {
  const char *module; /* a field of HOT_NAME_MAX bytes */
  uint32_t generation;
  uintptr_t base; /* what was added to the addresses in the library's file */
  uint64_t frames; /* that it has run */
} image_place_t;

/*
 * The module whose code holds an address, also of a version that was replaced. Safe in a signal handler, and therefore by a
 * list of its own; everybody else goes by image_holds and table_slot_at.
 */
bool image_at(uintptr_t address, image_place_t *place);

/* True where an aligned word of the data is an address inside the image. */
bool image_is_pointed_into(const image_t *image, const void *data, size_t size);

#endif
