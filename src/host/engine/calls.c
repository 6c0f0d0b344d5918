#include "calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "critical.h"

/* Everything any hook takes and gives; each body uses its own part. */
typedef struct hook_call {
  image_t *image;
  module_config_t config;
  const char *from_version;
  const hotmod_migration_t *step;
  const blob_t *old;
  void *data;
  size_t size;
  double dt;
  char *text;
  int result;
} hook_call_t;

static _Thread_local const image_t *called;

const image_t *call_under_way(void) { return called; }

static bool run(image_t *image, const char *name, void (*body)(void *), hook_call_t *call, hot_failure_t *failure) {
  status_site_t site = {
      .module = image->module, .call = name, .generation = image->generation, .frames = image->frames};
  guard_fault_t fault;
  call->image = image;
  called = image;
  bool returned = guard_run(LANE_ENGINE, &site, body, call, &fault);
  called = NULL;
  if (returned) {
    if (call->result == 0) return true;
    failure->problem = HOT_RETURNED;
    failure->value = call->result;
  } else {
    guard_tell(&fault, &site, failure);
    critical_forget(image);
    image_pin(image);
  }
  memcpy(failure->module, image->module, sizeof failure->module);
  strncpy(failure->call, name, sizeof failure->call - 1);
  return false;
}

static void prepare_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->image->calls.prepare_reload();
}

bool call_prepare(image_t *image, hot_failure_t *failure) {
  hook_call_t call = {0};
  return image->calls.prepare_reload == NULL || run(image, "prepare_reload", prepare_body, &call, failure);
}

static void save_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->image->calls.save_state(&call->data, &call->size);
}

bool call_save(image_t *image, blob_t *blob, hot_failure_t *failure) {
  hook_call_t call = {0};
  if (image->calls.save_state == NULL) return true;
  bool saved = run(image, "save_state", save_body, &call, failure);
  /* After a crash nobody knows what the pointer is; it is not freed then. */
  if (saved || failure->problem == HOT_RETURNED) *blob = (blob_t){.data = call.data, .size = call.size};
  return saved;
}

static void migrate_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->image->calls.migrate_state(call->from_version, call->image->facts.version, &call->data,
                                                  &call->size);
}

bool call_migrate(image_t *image, const char *from_version, blob_t *blob, hot_failure_t *failure) {
  hook_call_t call = {.from_version = from_version, .data = blob->data, .size = blob->size};
  bool migrated = run(image, "migrate_state", migrate_body, &call, failure);
  if (migrated || failure->problem == HOT_RETURNED) {
    *blob = (blob_t){.data = call.data, .size = call.size};
  } else {
    *blob = (blob_t){0};
  }
  return migrated;
}

static void migration_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->step->function(call->old->data, call->old->size, &call->data, &call->size);
}

bool call_migration(image_t *image, const hotmod_migration_t *step, const blob_t *old, blob_t *converted,
                    hot_failure_t *failure) {
  char name[64];
  snprintf(name, sizeof name, "migration %" PRIu32 " to %" PRIu32, step->from, step->to);
  hook_call_t call = {.step = step, .old = old};
  bool migrated = run(image, name, migration_body, &call, failure);
  converted->data = call.data;
  converted->size = call.size;
  return migrated;
}

static void init_body(void *argument) {
  hook_call_t *call = argument;
  int result = call->image->calls.init(&call->config);
  call->result = call->image->plain ? 0 : result;
}

bool call_init(image_t *image, bool is_reload, hot_failure_t *failure) {
  hook_call_t call = {.config = {.api_version = MODULE_API_VERSION,
                                 .module_name = image->module,
                                 .generation = image->generation,
                                 .is_reload = is_reload}};
  return image->calls.init == NULL || run(image, "init", init_body, &call, failure);
}

static void load_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->image->calls.load_state(call->data, call->size);
}

bool call_load(image_t *image, const blob_t *blob, hot_failure_t *failure) {
  hook_call_t call = {.data = blob->data, .size = blob->size};
  return image->calls.load_state == NULL || run(image, "load_state", load_body, &call, failure);
}

static void complete_body(void *argument) {
  hook_call_t *call = argument;
  call->result = call->image->calls.complete_reload();
}

bool call_complete(image_t *image, hot_failure_t *failure) {
  hook_call_t call = {0};
  return image->calls.complete_reload == NULL || run(image, "complete_reload", complete_body, &call, failure);
}

static void rollback_body(void *argument) {
  hook_call_t *call = argument;
  call->image->calls.rollback_reload();
}

bool call_rollback(image_t *image, hot_failure_t *failure) {
  hook_call_t call = {0};
  return image->calls.rollback_reload == NULL || run(image, "rollback_reload", rollback_body, &call, failure);
}

static void shutdown_body(void *argument) {
  hook_call_t *call = argument;
  call->image->calls.shutdown();
}

bool call_shutdown(image_t *image, hot_failure_t *failure) {
  hook_call_t call = {0};
  return image->calls.shutdown == NULL || run(image, "shutdown", shutdown_body, &call, failure);
}

static void update_body(void *argument) {
  hook_call_t *call = argument;
  call->image->calls.update(call->dt);
}

bool call_update(image_t *image, double dt, hot_failure_t *failure) {
  hook_call_t call = {.dt = dt};
  return image->calls.update == NULL || run(image, "update", update_body, &call, failure);
}

/* Copies inside the guard, because the pointer may lead anywhere. */
static void view_body(void *argument) {
  hook_call_t *call = argument;
  const char *text = call->image->view();
  size_t length = 0;
  while (text != NULL && length < HOT_VIEW_MAX && text[length] != 0) length++;
  if (text != NULL && text[length] != 0) {
    /* Bytes 10xxxxxx continue a character (RFC 3629, section 3): cut before the one they belong to. */
    while (length > 0 && ((unsigned char)text[length] & 0xc0u) == 0x80u) length--;
  }
  if (text != NULL) memcpy(call->text, text, length);
  call->text[length] = 0;
}

bool call_view(image_t *image, char *text, hot_failure_t *failure) {
  hook_call_t call = {.text = text};
  text[0] = 0;
  return image->view == NULL || run(image, "module_view", view_body, &call, failure);
}
