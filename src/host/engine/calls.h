/*
 * calls.h: the hooks of a module, one guarded call each, on the engine's thread. A hook that is NULL succeeds. The
 * results of plain init functions mean nothing, because most of them are void; crashes of them count all the same.
 */
#ifndef HOTMOD_CALLS_H
#define HOTMOD_CALLS_H

#include "image.h"

typedef struct blob {
  void *data; /* from malloc; may be NULL */
  size_t size;
  /* What migrations.h keeps with it, where the module declares a version of its state. */
  bool versioned;
  uint32_t version;
  uint64_t checksum;
} blob_t;

/* True where the call came back with 0. Otherwise *failure says what happened; a crash also pins the image. */
bool call_prepare(image_t *image, hot_failure_t *failure);
bool call_save(image_t *image, blob_t *blob, hot_failure_t *failure);
bool call_migrate(image_t *image, const char *from_version, blob_t *blob, hot_failure_t *failure);
bool call_migration(image_t *image, const hotmod_migration_t *step, const blob_t *old, blob_t *converted,
                    hot_failure_t *failure);
bool call_init(image_t *image, bool is_reload, hot_failure_t *failure);
bool call_load(image_t *image, const blob_t *blob, hot_failure_t *failure);
bool call_complete(image_t *image, hot_failure_t *failure);
bool call_rollback(image_t *image, hot_failure_t *failure);
bool call_shutdown(image_t *image, hot_failure_t *failure);
bool call_update(image_t *image, double dt, hot_failure_t *failure);

/* Copies the view's text into text, which has HOT_VIEW_MAX + 1 bytes, cut between two UTF-8 characters. */
bool call_view(image_t *image, char *text, hot_failure_t *failure);

/* The image whose hook the calling thread is in; NULL outside of hooks. */
const image_t *call_under_way(void);

#endif
