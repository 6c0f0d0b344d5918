/* caller.h: whose code calls what the engine offers to modules. */
#ifndef HOTMOD_CALLER_H
#define HOTMOD_CALLER_H

#include "table.h"

/*
 * The image that a return address lies in: one that runs, or one that arrives while a call into it is under way. NULL for
 * all others. From any thread.
 */
image_t *caller_of(uintptr_t address);

#endif
