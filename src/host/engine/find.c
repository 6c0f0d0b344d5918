#include "find.h"

#include <string.h>

#include "table.h"

image_t *find_current(const char *module) {
  slot_t *slot;
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (strcmp(slot->name, module) == 0) return slot->current;
  }
  return NULL;
}
