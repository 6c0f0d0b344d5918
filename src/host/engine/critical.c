/* What the engine offers to modules (module_interface.h, the last part): callable from any thread of a module. */
#include "critical.h"

#include <stdatomic.h>
#include <string.h>

#include "table.h"

#define MODULE_CALLABLE __attribute__((visibility("default")))

MODULE_CALLABLE void module_begin_critical(const char *why);
MODULE_CALLABLE void module_end_critical(void);

/* The image whose code called. A version that arrives is in no list yet, but a call into it is under way. */
static image_t *caller_of(uintptr_t address) {
  const image_t *called = call_under_way();
  if (called != NULL && image_holds(called, address)) return (image_t *)called;
  table_lock();
  const slot_t *slot = table_slot_at(address);
  image_t *found = slot == NULL ? NULL : slot->current;
  table_unlock();
  return found;
}

void module_begin_critical(const char *why) {
  image_t *image = caller_of((uintptr_t)__builtin_return_address(0));
  if (image == NULL) return;
  if (atomic_fetch_add(&image->critical, 1) > 0) return;
  strncpy(image->critical_why, why == NULL ? "" : why, sizeof image->critical_why - 1);
}

/* One that was not begun, or that a crash ended, has no effect. */
void module_end_critical(void) {
  image_t *image = caller_of((uintptr_t)__builtin_return_address(0));
  if (image == NULL) return;
  int open = atomic_load(&image->critical);
  while (open > 0 && !atomic_compare_exchange_weak(&image->critical, &open, open - 1)) continue;
}

bool critical_is_open(const image_t *image, const char **why) {
  *why = image->critical_why;
  return image->running && atomic_load(&image->critical) > 0;
}

void critical_forget(image_t *image) { atomic_store(&image->critical, 0); }
