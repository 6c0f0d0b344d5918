/*
 * vault.h: memory for the copies of the variables (shadow.h) that outlives this process, and a directory of what is in it.
 *
 * A file that is mapped shared, best on a file system in memory: whatever ends the process, the kernel keeps the pages, and
 * the host that takes over reads them (inherit.h). There are two sides, each with a directory of its own. The copies of a
 * frame boundary are written to the side that does not count; then one word in the file's head says that it does. So the
 * file always holds one boundary of all modules as a whole, at whatever instruction the process ends.
 *
 * Without a file the memory is this process's own, and there is one side. In both cases what small modules need lies side by
 * side: a frame goes through all of it, and from malloc each copy would lie on a page of its own.
 *
 * The form of the file belongs to this build of the engine alone, and its head says which size the structures have.
 */
#ifndef HOTMOD_VAULT_H
#define HOTMOD_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotmod_engine.h"
#include "segments.h"

#define VAULT_MAGIC 0x564d5448u /* "HTMV" */
#define VAULT_VERSION 1u
/* Modules beyond this have copies, but nobody takes them over. */
#define VAULT_MODULES 2048

/* Addresses are those in the process that wrote it; `at` is a place in the file, in bytes. */
typedef struct vault_range {
  uint64_t start;
  uint64_t size;
  uint64_t at;
} vault_range_t;

/* The variables of one module at the frame boundary of a side. */
typedef struct vault_entry {
  char module[HOT_NAME_MAX];
  uint32_t generation;
  uint32_t range_count;
  uint64_t base; /* what was added to the addresses in the library's file */
  uint64_t high; /* where the image ended */
  vault_range_t initial; /* its bytes as they were when it had been loaded; size 0 where there are none */
  vault_range_t arena;   /* its memory from module_alloc (arena.h); size 0 where there is none */
  vault_range_t ranges[SEGMENTS_MAX];
} vault_entry_t;

typedef struct vault_side {
  uint64_t frame;
  uint64_t count;
  /* Where the process had its heap, and everything that it mapped: from `low` to before `high`. */
  struct {
    uint64_t low;
    uint64_t high;
  } memory[2];
  vault_entry_t entries[VAULT_MODULES];
} vault_side_t;

typedef struct vault_head {
  uint32_t magic;
  uint32_t version;
  uint64_t side_size;      /* sizeof(vault_side_t) */
  _Atomic uint32_t counts; /* 1 or 2: the side that counts; 0: none does */
  uint32_t reserved;
} vault_head_t;

/* The head takes a page of its own; the sides follow it, one behind the other. */
#define VAULT_SIDES_AT 4096

/*
 * Makes the file, which must not exist; NULL for none. False where that did not work: there is then no file, and
 * everything else works all the same. Before any other thread uses the engine.
 */
bool vault_open(const char *path);

/* Removes the file. What it gave stays usable. */
void vault_close(void);

/* In a child of fork: what is written from now on is the child's own. */
void vault_leave(void);

/* How many sides there are: 2 with a file, 1 without. */
unsigned vault_sides(void);

/* Memory of `size` bytes, aligned to 64; NULL where there is none. Its pages are present. From any thread. */
unsigned char *vault_take(size_t size);

/* May be read by another process until the next two boundaries have been written, and is used again only then. */
void vault_give_back(unsigned char *bytes, size_t size);

/* Where an address lies in the file; false where it does not. */
bool vault_place(const void *address, uint64_t *at);

/* True for memory of the file, which is not searched for addresses of images as a whole (search.h). */
bool vault_holds(uintptr_t address);

/* The side that does not count, to be written: 0 or 1. On the engine's thread, like all below. */
unsigned vault_next(void);

/* The directory of that side, for a list of modules that is another one than before; NULL without a file. */
vault_side_t *vault_rewrite(void);

/* True where the directory of the side to be written is that of an older list. */
bool vault_is_old(void);

/* Has both directories made anew before they are used again. */
void vault_list_changed(void);

/* From now on the side that was written counts. */
void vault_publish(uint64_t frame);

/* No side counts: there are no copies any more. */
void vault_withdraw(void);

#endif
