#include "entry.h"

#include <dlfcn.h>
#include <string.h>

/* The first of the names, separated by commas, that the library defines. POSIX lets dlsym's result be a function. */
static void *first_of(const image_t *image, const char *names) {
  char name[256];
  while (names != NULL && *names != 0) {
    size_t length = strcspn(names, ",");
    if (length > 0 && length < sizeof name) {
      memcpy(name, names, length);
      name[length] = 0;
      void *found = entry_symbol(image, name);
      if (found != NULL) return found;
    }
    names += length + (names[length] == ',');
  }
  return NULL;
}

void *entry_symbol(const image_t *image, const char *name) {
  void *found = dlsym(image->handle, name);
  return image->high == 0 || image_holds(image, (uintptr_t)found) ? found : NULL;
}

typedef struct interface_call {
  module_interface_t *(*function)(void);
  module_interface_t *result;
  module_interface_t copy;
  char name[HOT_NAME_MAX];
  char version[HOT_NAME_MAX];
} interface_call_t;

static void copy_text(char *to, const char *from, size_t size) {
  if (from != NULL) strncpy(to, from, size - 1);
}

/* Reads through the module's pointers inside the guard: they may lead anywhere. */
static void call_get_interface(void *argument) {
  interface_call_t *call = argument;
  call->result = call->function();
  if (call->result == NULL) return;
  call->copy = *call->result;
  copy_text(call->name, call->copy.info.name, sizeof call->name);
  copy_text(call->version, call->copy.info.version, sizeof call->version);
}

static bool take_interface(image_t *image, interface_call_t *call, hot_failure_t *failure) {
  status_site_t site = {.module = image->module, .call = "get_module_interface", .generation = image->generation};
  guard_fault_t fault;
  if (!guard_run(LANE_STAGING, &site, call_get_interface, call, &fault)) {
    guard_tell(&fault, &site, failure);
    return false;
  }
  if (call->result == NULL) {
    failure->problem = HOT_NO_ENTRY;
    copy_text(failure->text, "get_module_interface returned NULL", sizeof failure->text);
    return false;
  }
  if (call->copy.info.api_version != MODULE_API_VERSION) {
    failure->problem = HOT_WRONG_API;
    failure->value = (int)call->copy.info.api_version;
    return false;
  }
  image->calls = call->copy.vtable;
  image->function_table = call->copy.function_table;
  image->facts.has_interface = 1;
  image->facts.api_version = call->copy.info.api_version;
  memcpy(image->facts.name, call->name, sizeof call->name);
  memcpy(image->facts.version, call->version, sizeof call->version);
  return true;
}

/* ISO C has no cast from a data to a function pointer; POSIX says dlsym's result may be copied into one. */
static void put_function(void *field, void *address) { memcpy(field, &address, sizeof address); }

static bool take_functions(image_t *image, const hot_entry_names_t *names, hot_failure_t *failure) {
  module_vtable_t *calls = &image->calls;
  put_function(&calls->init, first_of(image, names->init));
  put_function(&calls->update, first_of(image, names->update));
  put_function(&calls->shutdown, first_of(image, names->shutdown));
  put_function(&calls->save_state, first_of(image, names->save_state));
  put_function(&calls->load_state, first_of(image, names->load_state));
  image->plain = true;
  memcpy(image->facts.name, image->module, sizeof image->facts.name);
  if (calls->init != NULL || calls->update != NULL) return true;
  failure->problem = HOT_NO_ENTRY;
  copy_text(failure->text, "none of the entry functions is exported", sizeof failure->text);
  return false;
}

static uint32_t hooks_of(const module_vtable_t *calls) {
  return (calls->init != NULL ? HOT_HOOK_INIT : 0u) | (calls->shutdown != NULL ? HOT_HOOK_SHUTDOWN : 0u) |
         (calls->update != NULL ? HOT_HOOK_UPDATE : 0u) | (calls->save_state != NULL ? HOT_HOOK_SAVE : 0u) |
         (calls->load_state != NULL ? HOT_HOOK_LOAD : 0u) | (calls->migrate_state != NULL ? HOT_HOOK_MIGRATE : 0u) |
         (calls->prepare_reload != NULL ? HOT_HOOK_PREPARE : 0u) |
         (calls->complete_reload != NULL ? HOT_HOOK_COMPLETE : 0u) |
         (calls->rollback_reload != NULL ? HOT_HOOK_ROLLBACK : 0u);
}

bool entry_look_up(image_t *image, const hot_entry_names_t *names, hot_failure_t *failure) {
  interface_call_t call = {0};
  put_function(&call.function, first_of(image, names->get_interface));
  bool found = call.function != NULL ? take_interface(image, &call, failure) : take_functions(image, names, failure);
  if (!found) return false;
  put_function(&image->view, first_of(image, names->view));
  image->facts.has_view = image->view != NULL;
  image->facts.hooks = hooks_of(&image->calls);
  return true;
}
