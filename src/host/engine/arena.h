/*
 * arena.h: memory of a module that goes back together with its variables (module_alloc in module_interface.h).
 *
 * Each module has one stretch of addresses of its own, which its versions hand on to one another; a thread of a module that
 * was unloaded may still use it. What the allocator
 * knows stands at the front of that stretch itself, so that putting its bytes back puts the allocator back too. Only the
 * lock stands elsewhere.
 *
 * Sizes are rounded up to one of a fixed row of classes, 16 bytes apart up to 512 and then four to each doubling; a block
 * that is freed serves the next request of its class (segregated free lists; Wilson, Johnstone, Neely, Boles, "Dynamic
 * Storage Allocation: A Survey and Critical Review", 1995, section 3.6). Nothing is ever given back to the system, and
 * what was freed in one class does not serve another.
 */
#ifndef HOTMOD_ARENA_H
#define HOTMOD_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotmod_engine.h"

/* Addresses that one module's memory may take: most of it is never used, and costs nothing. */
#define ARENA_SPAN ((size_t)1 << 30)

/* The copies of the last two frame boundaries (shadow.c), one behind the other in memory of the vault. */
typedef struct arena_copy {
  unsigned char *bytes;
  size_t room; /* bytes of each of the two */
  size_t used[2]; /* what was copied; ARENA_NOT_COPIED where it did not fit */
  struct vault_range *listed[2]; /* where the vault's directory tells of it; NULL where it does not */
} arena_copy_t;

#define ARENA_NOT_COPIED SIZE_MAX

typedef struct arena {
  char module[HOT_NAME_MAX];
  _Atomic uintptr_t start; /* 0 until something is taken */
  _Atomic(const void *) owner; /* the thread that is in the allocator: an address that it alone has */
  size_t number;
  arena_copy_t copy;
} arena_t;

/* The arena of a module, made where there is none yet, without memory; NULL where there are too many, or no memory. */
arena_t *arena_of(const char *module);

/* Memory aligned to 16, not cleared; NULL where there is none. `size` 0 gives a block of its own. From any thread. */
void *arena_take(arena_t *arena, size_t size);

/* False where no arena holds it. Aborts where it is no block, or is free already: the lists would be damaged. */
bool arena_give_back(void *block);

/* Whether an address lies in the memory of any arena, and the bytes that a block of one has. */
bool arena_holds(const void *address);
size_t arena_block_size(const void *block);

/* Bytes from its start that mean something; 0 where nothing was ever taken. */
size_t arena_used(const arena_t *arena);
unsigned char *arena_start(const arena_t *arena);

/* Nobody takes or gives back between these two, so that it can be copied or put back. On the engine's thread. */
void arena_lock(arena_t *arena);
void arena_unlock(arena_t *arena);

/* A call on this thread was abandoned, perhaps in the middle of the allocator. */
void arena_abandon(void);

/* How many arenas ever got memory: another number means that there is one more to be copied. */
size_t arena_begun(void);

/* Puts back `used` bytes, 0 for none; whatever was taken since is forgotten. Nothing happens where it never got memory. */
void arena_put_back(arena_t *arena, const unsigned char *bytes, size_t used);

/* What an arena held when a version was replaced, for the way back to that. */
typedef struct arena_state {
  unsigned char *bytes;
  size_t room;
  size_t used; /* 0 where it was not kept */
} arena_state_t;

/* Makes room for what it holds now and a little more, so that keeping it in the pause need not wait for memory. */
void arena_make_room(const arena_t *arena, arena_state_t *state);

/* Keeps what it holds, where there is room. On the engine's thread. */
void arena_keep(arena_t *arena, arena_state_t *state);

/* Puts back what was kept; nothing happens where nothing was. On the engine's thread. */
void arena_bring_back(arena_t *arena, const arena_state_t *state);

void arena_state_free(arena_state_t *state);

/* Has it begin, empty, where one of another process was. False where something else lies there, or it has memory already. */
bool arena_begin_at(arena_t *arena, uintptr_t start);

#endif
