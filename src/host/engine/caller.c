#include "caller.h"

static bool holds(const image_t *image, uintptr_t address) {
  return image != NULL && address >= image->low && address < image->high;
}

/* A version that arrives is in no list yet, but a call into it is under way. */
image_t *caller_of(uintptr_t address) {
  const image_t *called = call_under_way();
  if (holds(called, address)) return (image_t *)called;
  image_t *found = NULL;
  slot_t *slot;
  table_lock();
  for (size_t n = 0; found == NULL && (slot = table_running(n)) != NULL; n++) {
    if (holds(slot->current, address)) found = slot->current;
  }
  table_unlock();
  return found;
}
