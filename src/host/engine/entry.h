/* entry.h: finds out what a loaded library offers, as an interface or as plain functions. */
#ifndef HOTMOD_ENTRY_H
#define HOTMOD_ENTRY_H

#include "image.h"

/*
 * Fills in image->facts, calls and view. Calls get_module_interface where there is one, guarded, on this thread. False
 * with *failure filled in where the library is no module.
 */
bool entry_look_up(image_t *image, const hot_entry_names_t *names, hot_failure_t *failure);

/* What the library itself defines under a name; NULL where it does not, even if one that it needs does. */
void *entry_symbol(const image_t *image, const char *name);

#endif
