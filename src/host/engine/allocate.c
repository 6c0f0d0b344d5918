/* Memory for modules that goes back with their variables (module_interface.h, the last part; arena.h). */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "caller.h"

#define MODULE_CALLABLE __attribute__((visibility("default")))

MODULE_CALLABLE void *module_alloc(size_t size);
MODULE_CALLABLE void *module_realloc(void *block, size_t size);
MODULE_CALLABLE void module_free(void *block);

/* Versions that do not run, and those that are only being loaded, have the arena of their module all the same. */
static arena_t *arena_for(uintptr_t caller) {
  const image_t *image = caller_of(caller);
  if (image != NULL && image->shadow.arena != NULL) return image->shadow.arena;
  image_place_t place;
  return image_at(caller, &place) ? arena_of(place.module) : NULL;
}

void *module_alloc(size_t size) {
  arena_t *arena = arena_for((uintptr_t)__builtin_return_address(0));
  return arena == NULL ? malloc(size) : arena_take(arena, size);
}

void module_free(void *block) {
  if (block == NULL) return;
  if (!arena_give_back(block)) free(block);
}

void *module_realloc(void *block, size_t size) {
  if (block != NULL && !arena_holds(block)) return realloc(block, size);
  size_t had = block == NULL ? 0 : arena_block_size(block);
  if (block != NULL && size <= had) return block;
  arena_t *arena = arena_for((uintptr_t)__builtin_return_address(0));
  void *grown = arena == NULL ? malloc(size) : arena_take(arena, size);
  if (grown == NULL || block == NULL) return grown;
  memcpy(grown, block, had);
  arena_give_back(block);
  return grown;
}
