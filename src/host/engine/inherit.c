#include "inherit.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan_parts.h"
#include "vault.h"

static const unsigned char *file_bytes;
static size_t file_size;
static image_t *ghosts[VAULT_MODULES];
static size_t ghost_count;
static plan_past_t past;
static plan_move_t moves[2 * VAULT_MODULES];

static bool map_file(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts;
  bool there = file >= 0 && fstat(file, &facts) == 0 && facts.st_size > VAULT_SIDES_AT;
  void *bytes = there ? mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
  if (file >= 0) close(file);
  if (bytes == MAP_FAILED) return false;
  file_bytes = bytes;
  file_size = (size_t)facts.st_size;
  return true;
}

/* The side that counts, or NULL. */
static const vault_side_t *read_side(void) {
  const vault_head_t *head = (const vault_head_t *)file_bytes;
  bool known = head->magic == VAULT_MAGIC && head->version == VAULT_VERSION && head->side_size == sizeof(vault_side_t);
  uint32_t side = known ? head->counts : 0;
  if (side < 1 || side > 2 || file_size < VAULT_SIDES_AT + side * sizeof(vault_side_t)) return NULL;
  return (const vault_side_t *)(file_bytes + VAULT_SIDES_AT) + (side - 1);
}

static bool is_in_file(const vault_range_t *range) {
  return range->at <= file_size && range->size <= file_size - range->at;
}

static bool is_sound(const vault_entry_t *entry) {
  if (entry->range_count > SEGMENTS_MAX || entry->high <= entry->base || !is_in_file(&entry->initial)) return false;
  for (size_t n = 0; n < entry->range_count; n++) {
    const vault_range_t *range = &entry->ranges[n];
    bool inside = range->start >= entry->base && range->start <= entry->high && range->size <= entry->high - range->start;
    if (!inside || !is_in_file(range)) return false;
  }
  return memchr(entry->module, 0, sizeof entry->module) != NULL;
}

static void free_ghost(image_t *image) {
  if (image == NULL) return;
  if (image->ghost != NULL && image->ghost->bytes != NULL) munmap(image->ghost->bytes, image->ghost->span);
  free(image->ghost);
  free(image->initial);
  free(image);
}

/* Where this process has something else at the arena's addresses, what is in it cannot be brought along. */
static void bring_arena(ghost_t *ghost, const vault_entry_t *entry) {
  const vault_range_t *range = &entry->arena;
  if (range->size == 0 || range->size == ARENA_NOT_COPIED || !is_in_file(range)) return;
  arena_t *arena = arena_of(entry->module);
  if (arena == NULL || !arena_begin_at(arena, (uintptr_t)range->start)) return;
  ghost->arena = file_bytes + range->at;
  ghost->arena_start = (uintptr_t)range->start;
  ghost->arena_used = (size_t)range->size;
}

/* Most of what lies between the writable parts is never touched, and takes no memory. */
static bool bring_bytes(ghost_t *ghost, const vault_entry_t *entry) {
  ghost->span = (size_t)(entry->high - entry->base);
  void *bytes = mmap(NULL, ghost->span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) return false;
  ghost->bytes = bytes;
  for (size_t n = 0; n < entry->range_count; n++) {
    const vault_range_t *range = &entry->ranges[n];
    memcpy(ghost->bytes + (range->start - entry->base), file_bytes + range->at, range->size);
  }
  return true;
}

static image_t *make_ghost(const vault_entry_t *entry) {
  image_t *image = calloc(1, sizeof *image);
  if (image == NULL) return NULL;
  image->ghost = calloc(1, sizeof *image->ghost);
  bool made = image->ghost != NULL && bring_bytes(image->ghost, entry);
  memcpy(image->module, entry->module, sizeof image->module);
  image->generation = entry->generation;
  image->low = (uintptr_t)entry->base;
  image->high = (uintptr_t)entry->high;
  image->segments.base = image->low;
  image->segments.count = entry->range_count > 0 ? entry->range_count : 1;
  image->initial_start = (uintptr_t)entry->initial.start;
  if (made && entry->initial.size > 0) {
    image->initial = malloc(entry->initial.size);
    made = image->initial != NULL;
    if (made) memcpy(image->initial, file_bytes + entry->initial.at, entry->initial.size);
    image->initial_size = entry->initial.size;
  }
  if (made) bring_arena(image->ghost, entry);
  if (made) return image;
  free_ghost(image);
  return NULL;
}

size_t inherit_open(const char *path, uint64_t *frame) {
  inherit_close();
  *frame = 0;
  const vault_side_t *side = map_file(path) ? read_side() : NULL;
  if (side == NULL) return 0;
  *frame = side->frame;
  for (size_t n = 0; n < 2; n++) {
    past.memory[n].low = (uintptr_t)side->memory[n].low;
    past.memory[n].high = (uintptr_t)side->memory[n].high;
  }
  for (size_t n = 0; n < side->count && n < VAULT_MODULES; n++) {
    image_t *ghost = is_sound(&side->entries[n]) ? make_ghost(&side->entries[n]) : NULL;
    if (ghost != NULL) ghosts[ghost_count++] = ghost;
  }
  return ghost_count;
}

const image_t *inherit_at(size_t index) { return index < ghost_count ? ghosts[index] : NULL; }

image_t *inherit_of(const char *module) {
  for (size_t n = 0; n < ghost_count; n++) {
    if (strcmp(ghosts[n]->module, module) == 0) return ghosts[n];
  }
  return NULL;
}

/* The version of a module that takes part: the one that waits, or the one that runs already. */
static const image_t *successor_of(const slot_t *slot) {
  if (slot == NULL) return NULL;
  return slot->staged != NULL ? slot->staged : slot->current;
}

/*
 * One module's variables may hold addresses of another's. What a module took from module_alloc is there only where its
 * variables come along too, which in a commit is known of all.
 */
static const plan_past_t *find_moves(bool committing) {
  size_t count = 0;
  for (size_t n = 0; n < ghost_count; n++) {
    const image_t *ghost = ghosts[n];
    const slot_t *slot = table_find(ghost->module);
    const image_t *now = successor_of(slot);
    if (now == NULL) continue;
    if (now->generation == ghost->generation) {
      moves[count++] = (plan_move_t){.start = ghost->low, .end = ghost->high, .to = now->segments.base};
    }
    const ghost_t *own = ghost->ghost;
    if (own->arena == NULL || (committing && slot->transfer == NULL)) continue;
    moves[count++] =
        (plan_move_t){.start = own->arena_start, .end = own->arena_start + own->arena_used, .to = own->arena_start};
  }
  past.moves = moves;
  past.move_count = count;
  return &past;
}

bool inherit_look(transfer_t *transfer, image_t *to, hot_failure_t *failure) {
  return transfer_look_past(transfer, inherit_of(to->module), to, find_moves(false), failure);
}

/* What init took in it is forgotten with the variables that knew of it; without bytes it begins anew. */
static void put_into_arena(const char *module, const unsigned char *bytes, size_t used) {
  arena_t *arena = arena_of(module);
  if (arena != NULL) arena_put_back(arena, bytes, used);
}

bool inherit_carry(transfer_t *transfer, image_t *to, hot_failure_t *failure) {
  const image_t *ghost = inherit_of(to->module);
  if (!transfer_past(transfer, ghost, to, find_moves(true), failure)) return false;
  put_into_arena(to->module, ghost->ghost->arena, ghost->ghost->arena_used);
  return true;
}

void inherit_undo(const image_t *to) { put_into_arena(to->module, NULL, 0); }

/* Of the modules that came along, and of the process as a whole. */
static bool may_have_pointed(uintptr_t word) {
  for (size_t n = 0; n < ghost_count; n++) {
    if (word >= ghosts[n]->low && word < ghosts[n]->high) return true;
  }
  for (size_t n = 0; n < 2; n++) {
    if (word >= past.memory[n].low && word < past.memory[n].high) return true;
  }
  return false;
}

/*
 * An address of this process may look like one of the other: what was repaired leads into the module's own version, and
 * what came along from an arena lies where it did.
 */
static bool is_settled(uintptr_t word, const image_t *to) {
  uintptr_t now;
  return (word >= to->low && word < to->high) || (plan_past_address(&past, word, &now) && now == word);
}

bool inherit_settle(transfer_t *transfer, image_t *to, hot_failure_t *failure) {
  const ghost_t *ghost = inherit_of(to->module)->ghost;
  transfer_fix(transfer, to, false);
  for (size_t at = 0; ghost->arena != NULL && at + sizeof(uintptr_t) <= ghost->arena_used; at += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, (const void *)(ghost->arena_start + at), sizeof word);
    if (!may_have_pointed(word) || is_settled(word, to)) continue;
    failure->problem = HOT_PAST_ADDRESS;
    failure->address = word;
    memcpy(failure->module, to->module, sizeof failure->module);
    return false;
  }
  return true;
}

void inherit_close(void) {
  for (size_t n = 0; n < ghost_count; n++) free_ghost(ghosts[n]);
  ghost_count = 0;
  if (file_bytes != NULL) munmap((void *)file_bytes, file_size);
  file_bytes = NULL;
  past = (plan_past_t){0};
}
