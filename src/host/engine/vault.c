#include "vault.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "wipe.h"

#define ALIGNED 64u
#define CHUNK ((size_t)16 << 20)
#define CHUNKS_MAX 256

/* The file grows by stretches, each mapped by itself: an address that was given never changes. */
typedef struct chunk {
  unsigned char *bytes;
  size_t size;
  uint64_t at;
} chunk_t;

typedef enum block_use { BLOCK_FREE, BLOCK_USED, BLOCK_LEFT } block_use_t;

typedef struct block {
  unsigned char *bytes;
  size_t size;
  uint64_t left_at; /* how many directories had been written when it was given back */
  block_use_t use;
} block_t;

static int file = -1;
static char path_of_file[1024];
static vault_head_t *head;
static vault_side_t *sides[2];
static size_t entries_reserved;
static uintptr_t heap_start;

static chunk_t chunks[CHUNKS_MAX];
static _Atomic size_t chunk_count;
static uint64_t file_size;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static block_t *blocks;
static size_t block_count;
static size_t block_capacity;

/* Directories written so far, and which of them each side has. */
static _Atomic uint64_t written;
static _Atomic uint64_t written_at[2];
static bool is_old[2] = {true, true};

static size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }

/* Without it a full file system would show only at the first write, as a fault in the middle of a frame. */
static bool reserve(uint64_t at, size_t size) {
#ifdef __linux__
  return file < 0 || posix_fallocate(file, (off_t)at, (off_t)size) == 0;
#else
  (void)at;
  (void)size;
  return true;
#endif
}

static void *map(uint64_t at, size_t size) {
  if (file >= 0 && ftruncate(file, (off_t)(at + size)) != 0) return NULL;
  int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, file < 0 ? 0 : (off_t)at);
  if (bytes == MAP_FAILED) return NULL;
  file_size = at + size;
  return bytes;
}

static void drop_file(void) {
  if (file < 0) return;
  unlink(path_of_file);
  close(file);
  file = -1;
}

static bool add_block(unsigned char *bytes, size_t size) {
  if (block_count == block_capacity) {
    size_t capacity = block_capacity == 0 ? 64 : block_capacity * 2;
    block_t *grown = realloc(blocks, capacity * sizeof *grown);
    if (grown == NULL) return false;
    blocks = grown;
    block_capacity = capacity;
  }
  blocks[block_count++] = (block_t){.bytes = bytes, .size = size, .use = BLOCK_FREE};
  return true;
}

/* Where the heap began that grows with sbrk(2); 0 where the system does not tell. Emulators list it without its name. */
static uintptr_t find_heap(void) {
#ifdef __linux__
  maps_t maps;
  uintptr_t start = 0;
  uintptr_t end = (uintptr_t)sbrk(0);
  if (!maps_open(&maps)) return 0;
  while (start == 0 && maps_next(&maps)) {
    bool ends_in = maps.start < end && end <= maps.end;
    if (ends_in || strcmp(maps.path, "[heap]") == 0) start = maps.start;
  }
  maps_close(&maps);
  return start;
#else
  return 0;
#endif
}

bool vault_open(const char *path) {
  if (path == NULL || path[0] == 0 || strlen(path) >= sizeof path_of_file) return false;
  strcpy(path_of_file, path);
  file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  size_t size = round_up(VAULT_SIDES_AT + 2 * sizeof(vault_side_t), CHUNK);
  unsigned char *bytes = map(0, size);
  if (bytes == NULL || !reserve(0, VAULT_SIDES_AT)) {
    drop_file();
    return false;
  }
  chunks[0] = (chunk_t){.bytes = bytes, .size = size, .at = 0};
  atomic_store(&chunk_count, 1);
  head = (vault_head_t *)bytes;
  sides[0] = (vault_side_t *)(bytes + VAULT_SIDES_AT);
  sides[1] = sides[0] + 1;
  head->magic = VAULT_MAGIC;
  head->version = VAULT_VERSION;
  head->side_size = sizeof(vault_side_t);
  heap_start = find_heap();
  size_t used = round_up(VAULT_SIDES_AT + 2 * sizeof(vault_side_t), VAULT_SIDES_AT);
  add_block(bytes + used, size - used);
  return true;
}

void vault_close(void) { drop_file(); }

/* Private mappings of the same file over the shared ones: what has been written stays readable, at the same addresses. */
void vault_leave(void) {
  if (file < 0) return;
  size_t count = atomic_load(&chunk_count);
  for (size_t n = 0; n < count; n++) {
    const chunk_t *chunk = &chunks[n];
    mmap(chunk->bytes, chunk->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, (off_t)chunk->at);
  }
  close(file);
  file = -1;
}

unsigned vault_sides(void) { return head == NULL ? 1 : 2; }

/* The first `count` entries of both directories can be written to without a fault. */
static bool reserve_entries(size_t count) {
  if (count <= entries_reserved || count > VAULT_MODULES) return true;
  size_t more = count * 2 < VAULT_MODULES ? count * 2 : VAULT_MODULES;
  size_t size = offsetof(vault_side_t, entries) + more * sizeof(vault_entry_t);
  for (size_t n = 0; n < 2; n++) {
    if (!reserve(VAULT_SIDES_AT + n * sizeof(vault_side_t), size)) return false;
  }
  entries_reserved = more;
  return true;
}

/* Neither directory was written while it was in use. */
static bool is_forgotten(const block_t *block) {
  for (size_t n = 0; n < 2; n++) {
    uint64_t at = atomic_load(&written_at[n]);
    if (at != 0 && at <= block->left_at) return false;
  }
  return true;
}

/* Free neighbours become one, or the file would fill with holes that nothing fits into. */
static void gather_free(void) {
  size_t kept = 0;
  for (size_t n = 0; n < block_count; n++) {
    block_t block = blocks[n];
    if (block.use == BLOCK_LEFT && is_forgotten(&block)) block.use = BLOCK_FREE;
    block_t *last = kept == 0 ? NULL : &blocks[kept - 1];
    bool joins = last != NULL && last->use == BLOCK_FREE && block.use == BLOCK_FREE &&
                 last->bytes + last->size == block.bytes;
    if (joins) last->size += block.size;
    else blocks[kept++] = block;
  }
  block_count = kept;
}

/* Blocks stand in the order of their addresses within a chunk, so that what is split off stands behind its first part. */
static unsigned char *use_block(size_t index, size_t size) {
  size_t rest = blocks[index].size - size;
  if (rest > 0) {
    if (!add_block(NULL, 0)) return NULL;
    memmove(&blocks[index + 2], &blocks[index + 1], (block_count - index - 2) * sizeof *blocks);
    blocks[index + 1] = (block_t){.bytes = blocks[index].bytes + size, .size = rest, .use = BLOCK_FREE};
  }
  blocks[index].size = size;
  blocks[index].use = BLOCK_USED;
  return blocks[index].bytes;
}

static bool add_chunk(size_t size) {
  size_t count = atomic_load(&chunk_count);
  if (count == CHUNKS_MAX) return false;
  size_t whole = round_up(size, CHUNK);
  uint64_t at = file_size;
  unsigned char *bytes = map(at, whole);
  if (bytes == NULL) return false;
  chunks[count] = (chunk_t){.bytes = bytes, .size = whole, .at = at};
  atomic_store(&chunk_count, count + 1);
  return add_block(bytes, whole);
}

static unsigned char *find_free(size_t size) {
  for (size_t n = 0; n < block_count; n++) {
    if (blocks[n].use == BLOCK_FREE && blocks[n].size >= size) return use_block(n, size);
  }
  return NULL;
}

static unsigned char *take_block(size_t size) {
  gather_free();
  if (head != NULL && !reserve_entries(block_count + 2)) return NULL;
  unsigned char *bytes = find_free(size);
  if (bytes == NULL && add_chunk(size)) bytes = find_free(size);
  uint64_t at;
  if (bytes == NULL || (vault_place(bytes, &at) && reserve(at, size))) return bytes;
  for (size_t n = 0; n < block_count; n++) {
    if (blocks[n].bytes == bytes) blocks[n].use = BLOCK_FREE;
  }
  return NULL;
}

unsigned char *vault_take(size_t size) {
  if (size > SIZE_MAX - ALIGNED) return NULL;
  size_t whole = round_up(size == 0 ? 1 : size, ALIGNED);
  pthread_mutex_lock(&lock);
  unsigned char *bytes = take_block(whole);
  pthread_mutex_unlock(&lock);
  void *own = NULL;
  if (bytes == NULL && posix_memalign(&own, ALIGNED, whole) != 0) return NULL;
  if (bytes == NULL) bytes = own;
  /* Written once here, so that no frame need wait for the system to find the pages. */
  wipe(bytes, whole);
  return bytes;
}

void vault_give_back(unsigned char *bytes, size_t size) {
  if (bytes == NULL) return;
  if (!vault_holds((uintptr_t)bytes)) {
    wipe(bytes, size);
    free(bytes);
    return;
  }
  pthread_mutex_lock(&lock);
  for (size_t n = 0; n < block_count; n++) {
    if (blocks[n].bytes != bytes || blocks[n].use != BLOCK_USED) continue;
    blocks[n].use = BLOCK_LEFT;
    blocks[n].left_at = atomic_load(&written);
  }
  pthread_mutex_unlock(&lock);
}

bool vault_place(const void *address, uint64_t *at) {
  size_t count = atomic_load(&chunk_count);
  for (size_t n = 0; n < count; n++) {
    uintptr_t offset = (uintptr_t)address - (uintptr_t)chunks[n].bytes;
    if (offset >= chunks[n].size) continue;
    *at = chunks[n].at + offset;
    return true;
  }
  return false;
}

bool vault_holds(uintptr_t address) {
  uint64_t at;
  return vault_place((const void *)address, &at);
}

unsigned vault_next(void) { return head != NULL && atomic_load(&head->counts) == 1 ? 1 : 0; }

bool vault_is_old(void) { return is_old[vault_next()]; }

vault_side_t *vault_rewrite(void) {
  unsigned side = vault_next();
  is_old[side] = false;
  if (head == NULL) return NULL;
  atomic_store(&written_at[side], atomic_fetch_add(&written, 1) + 1);
  return sides[side];
}

void vault_list_changed(void) {
  is_old[0] = true;
  is_old[1] = true;
}

/* Linux maps downwards from the stack, which it moves by at most 2^28 pages (Documentation/admin-guide/sysctl/vm.rst). */
#define NEAR_STACK ((uintptr_t)1 << 41)

/*
 * Kernels for ARM64 with addresses of 39 bits, and emulators, have less than that in all: half of it is still far from what
 * a module counts, and a count must not be taken for an address. macOS maps nothing into the first 4 GB (ld(1),
 * -pagezero_size).
 */
static uintptr_t lowest_mapped(uintptr_t stack) {
#ifdef __APPLE__
  uintptr_t floor = (uintptr_t)1 << 32;
#else
  uintptr_t floor = stack / 2;
#endif
  return stack > floor + NEAR_STACK ? stack - NEAR_STACK : floor;
}

/* The heap grows upwards from where it began (sbrk(2)). */
static void note_memory(vault_side_t *side) {
  uintptr_t here = (uintptr_t)&side;
#ifdef __linux__
  side->memory[0].low = heap_start;
  side->memory[0].high = heap_start == 0 ? 0 : (uintptr_t)sbrk(0);
#endif
  side->memory[1].low = lowest_mapped(here);
  side->memory[1].high = here + NEAR_STACK;
}

void vault_publish(uint64_t frame) {
  if (head == NULL) return;
  unsigned side = vault_next();
  sides[side]->frame = frame;
  note_memory(sides[side]);
  atomic_store_explicit(&head->counts, side + 1, memory_order_release);
}

void vault_withdraw(void) {
  if (head != NULL) atomic_store(&head->counts, 0);
}
