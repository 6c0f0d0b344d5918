#include "caller.h"

/* A version that arrives is in no list yet, but a call into it is under way. */
image_t *caller_of(uintptr_t address) {
  const image_t *called = call_under_way();
  if (called != NULL && image_holds(called, address)) return (image_t *)called;
  table_lock();
  const slot_t *slot = table_slot_at(address);
  image_t *found = slot == NULL ? NULL : slot->current;
  table_unlock();
  return found;
}
