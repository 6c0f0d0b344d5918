#include "arena.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hotmod_engine.h"
#include "vault.h"

#define ARENAS_MAX 4096
#define ALIGNED 16u
#define SMALL_CLASSES 32u /* up to 512 bytes, 16 apart */
#define PER_DOUBLING 4u
#define CLASSES (SMALL_CLASSES + PER_DOUBLING * 22u)

/*
 * Far from where systems put libraries, stacks and the heap, and the same in every process, because the one that takes over
 * needs the same addresses. The second is for kernels for ARM64 whose addresses have 39 bits
 * (Documentation/arch/arm64/memory.rst), above the 38 bits over which V8 scatters its heap there. Only wishes: where
 * something lies there, the system gives others.
 */
static const uintptr_t wished_starts[] = {0x200000000000, 0x4000000000};
#define WISHES (sizeof wished_starts / sizeof wished_starts[0])

#define MARK_USED 0x75736564u /* "used" */
#define MARK_FREE 0x66726565u /* "free" */

typedef struct block {
  uint32_t mark;
  uint32_t class;
  struct block *next; /* of a free one: the next of its class */
} block_t;

/* At the start of the stretch. */
typedef struct arena_head {
  uint64_t used;
  block_t *free[CLASSES];
} arena_head_t;

static arena_t *arenas[ARENAS_MAX];
static _Atomic size_t arena_count;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

/* Its address is another one in each thread, and names it. */
static _Thread_local char self;

static _Atomic size_t begun;

static arena_head_t *head_of(const arena_t *arena) {
  return (arena_head_t *)atomic_load_explicit(&arena->start, memory_order_acquire);
}

#define FIRST_BLOCK ((sizeof(arena_head_t) + ALIGNED - 1) / ALIGNED * ALIGNED)

static void begin_empty(arena_t *arena, unsigned char *bytes) {
  ((arena_head_t *)bytes)->used = FIRST_BLOCK;
  atomic_store(&arena->start, (uintptr_t)bytes);
  atomic_fetch_add(&begun, 1);
}

arena_t *arena_of(const char *module) {
  pthread_mutex_lock(&list_lock);
  arena_t *found = NULL;
  size_t count = atomic_load(&arena_count);
  for (size_t n = 0; found == NULL && n < count; n++) {
    if (strcmp(arenas[n]->module, module) == 0) found = arenas[n];
  }
  if (found == NULL && count < ARENAS_MAX) found = calloc(1, sizeof *found);
  if (found != NULL && found->module[0] == 0) {
    strncpy(found->module, module, sizeof found->module - 1);
    found->number = count;
    arenas[count] = found;
    atomic_store(&arena_count, count + 1);
  }
  pthread_mutex_unlock(&list_lock);
  return found;
}

void arena_lock(arena_t *arena) {
  const void *nobody = NULL;
  while (!atomic_compare_exchange_weak(&arena->owner, &nobody, &self)) {
    nobody = NULL;
    sched_yield();
  }
}

void arena_unlock(arena_t *arena) { atomic_store(&arena->owner, NULL); }

void arena_abandon(void) {
  size_t count = atomic_load(&arena_count);
  for (size_t n = 0; n < count; n++) {
    if (atomic_load(&arenas[n]->owner) == &self) arena_unlock(arenas[n]);
  }
}

size_t arena_begun(void) { return atomic_load(&begun); }

/* What nobody wrote to takes no memory, whatever its addresses are (mmap(2), MAP_NORESERVE). */
static unsigned char *map_at(uintptr_t wished) {
  void *bytes = mmap((void *)wished, ARENA_SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return bytes == MAP_FAILED ? NULL : bytes;
}

static unsigned char *map_exactly_at(uintptr_t start) {
  unsigned char *mapped = map_at(start);
  if (mapped == NULL || (uintptr_t)mapped == start) return mapped;
  munmap(mapped, ARENA_SPAN);
  return NULL;
}

static bool set_up(arena_t *arena) {
  if (head_of(arena) != NULL) return true;
  unsigned char *bytes = NULL;
  for (size_t n = 0; n < WISHES && bytes == NULL; n++) {
    bytes = map_exactly_at(wished_starts[n] + arena->number * ARENA_SPAN);
  }
  if (bytes == NULL) bytes = map_at(0);
  if (bytes == NULL) return false;
  begin_empty(arena, bytes);
  return true;
}

static unsigned highest_bit(size_t size) { return 63u - (unsigned)__builtin_clzll(size); }

/* The smallest class that holds `size` bytes, and how many each block of it has. */
static uint32_t class_for(size_t size, size_t *bytes) {
  if (size <= SMALL_CLASSES * ALIGNED) {
    uint32_t class = size == 0 ? 0 : (uint32_t)((size - 1) / ALIGNED);
    *bytes = (class + 1) * (size_t)ALIGNED;
    return class;
  }
  unsigned power = highest_bit(size - 1);
  size_t step = ((size_t)1 << power) / PER_DOUBLING;
  size_t steps = (size - ((size_t)1 << power) + step - 1) / step;
  *bytes = ((size_t)1 << power) + steps * step;
  return SMALL_CLASSES + PER_DOUBLING * (power - 9) + (uint32_t)steps - 1;
}

static size_t size_of_class(uint32_t class) {
  if (class < SMALL_CLASSES) return (class + 1) * (size_t)ALIGNED;
  unsigned power = 9 + (class - SMALL_CLASSES) / PER_DOUBLING;
  size_t steps = (class - SMALL_CLASSES) % PER_DOUBLING + 1;
  return ((size_t)1 << power) + steps * (((size_t)1 << power) / PER_DOUBLING);
}

static block_t *take_locked(arena_t *arena, size_t size) {
  if (!set_up(arena)) return NULL;
  arena_head_t *head = head_of(arena);
  size_t bytes;
  uint32_t class = class_for(size, &bytes);
  block_t *block = head->free[class];
  if (block != NULL) {
    head->free[class] = block->next;
  } else {
    size_t whole = sizeof(block_t) + bytes;
    if (whole > ARENA_SPAN - head->used) return NULL;
    block = (block_t *)((unsigned char *)head + head->used);
    head->used += whole;
  }
  *block = (block_t){.mark = MARK_USED, .class = class};
  return block;
}

void *arena_take(arena_t *arena, size_t size) {
  if (size > ARENA_SPAN / 2) return NULL;
  arena_lock(arena);
  block_t *block = take_locked(arena, size);
  arena_unlock(arena);
  return block == NULL ? NULL : block + 1;
}

static arena_t *holder_of(const void *address) {
  size_t count = atomic_load(&arena_count);
  for (size_t n = 0; n < count; n++) {
    uintptr_t start = atomic_load(&arenas[n]->start);
    if (start != 0 && (uintptr_t)address - start < ARENA_SPAN) return arenas[n];
  }
  return NULL;
}

bool arena_holds(const void *address) { return holder_of(address) != NULL; }

/* stderr is no place for the engine, but it is one for a module that is about to be ended. */
static block_t *used_block(const void *address, const char *what) {
  block_t *block = (block_t *)address - 1;
  if (block->mark == MARK_USED && block->class < CLASSES) return block;
  fprintf(stderr, "%s: %p %s\n", what, address, block->mark == MARK_FREE ? "was freed already" : "is no block of module_alloc");
  abort();
}

bool arena_give_back(void *address) {
  arena_t *arena = holder_of(address);
  if (arena == NULL) return false;
  arena_lock(arena);
  block_t *block = used_block(address, "module_free");
  arena_head_t *head = head_of(arena);
  *block = (block_t){.mark = MARK_FREE, .class = block->class, .next = head->free[block->class]};
  head->free[block->class] = block;
  arena_unlock(arena);
  return true;
}

size_t arena_block_size(const void *address) { return size_of_class(used_block(address, "module_realloc")->class); }

size_t arena_used(const arena_t *arena) {
  const arena_head_t *head = head_of(arena);
  if (head == NULL) return 0;
  /* A module may have written over it. */
  return head->used < ARENA_SPAN ? (size_t)head->used : ARENA_SPAN;
}

unsigned char *arena_start(const arena_t *arena) { return (unsigned char *)head_of(arena); }

void arena_put_back(arena_t *arena, const unsigned char *bytes, size_t used) {
  unsigned char *start = arena_start(arena);
  if (start == NULL) return;
  arena_lock(arena);
  size_t now = arena_used(arena);
  if (used > 0) {
    memcpy(start, bytes, used);
  } else {
    memset(start, 0, FIRST_BLOCK);
    head_of(arena)->used = FIRST_BLOCK;
  }
  /* Addresses in what is forgotten would keep images (search.h). */
  size_t end = arena_used(arena);
  if (now > end && now <= ARENA_SPAN) memset(start + end, 0, now - end);
  arena_unlock(arena);
}

void arena_make_room(const arena_t *arena, arena_state_t *state) {
  size_t used = arena == NULL ? 0 : arena_used(arena);
  if (used == 0) return;
  state->room = used + used / 8 + 65536;
  state->bytes = malloc(state->room);
  if (state->bytes == NULL) state->room = 0;
  else memset(state->bytes, 0, state->room);
}

void arena_keep(arena_t *arena, arena_state_t *state) {
  if (state->bytes == NULL) return;
  arena_lock(arena);
  size_t used = arena_used(arena);
  if (used <= state->room) memcpy(state->bytes, arena_start(arena), used);
  state->used = used <= state->room ? used : 0;
  arena_unlock(arena);
}

void arena_bring_back(arena_t *arena, const arena_state_t *state) {
  if (state->used > 0 && arena != NULL) arena_put_back(arena, state->bytes, state->used);
}

void arena_state_free(arena_state_t *state) {
  free(state->bytes);
  *state = (arena_state_t){0};
}

bool arena_begin_at(arena_t *arena, uintptr_t start) {
  if (head_of(arena) != NULL || start == 0) return false;
  unsigned char *mapped = map_exactly_at(start);
  if (mapped != NULL) begin_empty(arena, mapped);
  return mapped != NULL;
}
