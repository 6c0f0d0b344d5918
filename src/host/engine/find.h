/* find.h: the version of a module that stands in the frame list. */
#ifndef HOTMOD_FIND_H
#define HOTMOD_FIND_H

#include "image.h"

/*
 * The current version, whether it runs or has crashed; NULL where the module is not loaded. On the engine's thread, or
 * under table_lock.
 */
image_t *find_current(const char *module);

#endif
