/*
 * atexit.h: destructors of C++ objects with static storage.
 *
 * Compilers register them with the loader, which runs them when the library is closed. Where the objects' bytes went on
 * to a new version that would destroy what lives there. Modules are therefore linked so that they register here.
 */
#ifndef HOTMOD_ATEXIT_H
#define HOTMOD_ATEXIT_H

#include "image.h"

/* Drops what an image registered: its objects live on elsewhere. */
void atexit_forget(const image_t *image);

/* Runs what an image registered, the last first, guarded; stops at a crash. On a thread that has an alternate stack. */
void atexit_run(image_t *image);

#endif
