/*
 * bind.h: gives the places that imports.h finds the addresses they should have.
 *
 * All imports of all modules always lead to the versions that run. A version that arrives is bound to those that arrive
 * with it and otherwise to those that run, before any of its code is called; when the switch is done, whatever led to a
 * version that left is led to its successor: places of imports, and variables that hold the address of something
 * imported, or of a variable or function of the version that left which its transfer plan knows the new address of.
 */
#ifndef HOTMOD_BIND_H
#define HOTMOD_BIND_H

#include "image.h"
#include "plan.h"

/* Which version of a provider counts. */
typedef enum bind_view {
  BIND_RUNNING,   /* the one that runs, even if a crash took it out of the loop */
  BIND_COMMITTING, /* the one that arrives in the commit under way; otherwise the one that runs */
  BIND_STAGED     /* the one that waits, whether or not it will be committed; otherwise the one that runs */
} bind_view_t;

/*
 * Binds all imports of an image. False, with HOT_UNBOUND and nothing written, where one that is not optional is not to be
 * had; failure->text is then `symbol of module`. On the engine's thread for BIND_RUNNING, otherwise with the transaction lock
 * held.
 */
bool bind_image(image_t *image, bind_view_t view, hot_failure_t *failure);

/* A version that left, and the plan its variables went on by (NULL without). */
typedef struct bind_departure {
  const image_t *image;
  const plan_t *plan;
  plan_images_t images;
} bind_departure_t;

/*
 * Binds every running image anew and leads their variables away from versions that left. Symbols that a provider no longer
 * has keep their old address; its image is then pinned. On the engine's thread between frames.
 */
void bind_everything(bind_departure_t *departures, size_t count);

#endif
