/*
 * What the engine offers to modules (module_interface.h, the last part). Callable from any thread of a module; a version
 * that is being replaced is no longer found once its successor runs.
 */
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "find.h"
#include "loop.h"
#include "table.h"

#define MODULE_CALLABLE __attribute__((visibility("default")))

MODULE_CALLABLE void *module_get_symbol(const char *module_name, const char *symbol_name);
MODULE_CALLABLE int module_is_loaded(const char *module_name);
MODULE_CALLABLE uint64_t module_frame_number(void);

/*
 * With table_lock held. A hook of a version that arrives sees the others as they will be, because it was compiled with
 * their new headers: no version ever calls one of another commit.
 */
static image_t *running_image(const char *name) {
  slot_t *slot;
  const image_t *caller = call_under_way();
  bool arrives = caller != NULL && !caller->running;
  for (size_t n = 0; arrives && (slot = table_at(n)) != NULL; n++) {
    if (slot->committing && slot->staged != NULL && strcmp(slot->name, name) == 0) return slot->staged;
  }
  image_t *current = find_current(name);
  return current != NULL && current->running ? current : NULL;
}

/* FNV-1a (Fowler, Noll, Vo): short names, no keys of an adversary. */
static size_t cache_place(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name != 0; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
  return hash % SYMBOL_CACHE_SIZE;
}

static void *find_symbol(const image_t *image, const char *name) {
  void *found = entry_symbol(image, name);
  const module_function_t *function = image->function_table;
  for (; found == NULL && function != NULL && function->name != NULL; function++) {
    if (strcmp(function->name, name) == 0) memcpy(&found, &function->function, sizeof found);
  }
  return found;
}

/* A name that leads nowhere must crash before the lock is taken, which nobody would ever give back. */
static void touch(const char *name) {
  volatile size_t length = strlen(name);
  (void)length;
}

void *module_get_symbol(const char *module_name, const char *symbol_name) {
  if (module_name == NULL || symbol_name == NULL) return NULL;
  touch(module_name);
  touch(symbol_name);
  void *address = NULL;
  table_lock();
  image_t *image = running_image(module_name);
  if (image != NULL && image->symbols == NULL) image->symbols = calloc(SYMBOL_CACHE_SIZE, sizeof(symbol_entry_t));
  if (image != NULL && image->symbols != NULL) {
    symbol_entry_t *entry = &image->symbols[cache_place(symbol_name)];
    if (entry->name == NULL || strcmp(entry->name, symbol_name) != 0) {
      free(entry->name);
      entry->name = strdup(symbol_name);
      entry->address = find_symbol(image, symbol_name);
    }
    address = entry->address;
  }
  table_unlock();
  return address;
}

int module_is_loaded(const char *module_name) {
  if (module_name == NULL) return 0;
  touch(module_name);
  table_lock();
  int loaded = running_image(module_name) != NULL;
  table_unlock();
  return loaded;
}

uint64_t module_frame_number(void) { return loop_frame_number(); }
