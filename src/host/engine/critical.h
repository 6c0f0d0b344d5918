/*
 * critical.h: stretches of work that a module does not want to be replaced in (module_begin_critical). They belong to one
 * image and end with it: what a crash interrupted is over.
 */
#ifndef HOTMOD_CRITICAL_H
#define HOTMOD_CRITICAL_H

#include <stdbool.h>

#include "image.h"

/* Whether a version may not be replaced now; *why is then what it said, and valid as long as the image. */
bool critical_is_open(const image_t *image, const char **why);

/* Ends all of an image's, because a call into it was abandoned. */
void critical_forget(image_t *image);

#endif
