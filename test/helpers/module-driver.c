/*
 * module-driver: a tiny host for tests. Loads modules, runs frames, prints what a view draws.
 *
 *   module-driver [--dt SECONDS] [--reload NAME AT_FRAME LIBRARY] --frames N [--view NAME [EVERY]] name=library.so ...
 *
 * It answers module_get_symbol as the engine does and knows both entry styles, but guards nothing: a fault in a
 * module ends it. With --reload the module's state is saved, and loaded into the other library, before that frame.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_interface.h"

typedef struct loaded {
  char name[64];
  void *library;
  module_vtable_t calls;
  void (*plain_init)(void);
  const char *(*view)(void);
} loaded_t;

static loaded_t modules[16];
static int count;
static uint64_t frame;

static loaded_t *find(const char *name) {
  for (int i = 0; i < count; i++) {
    if (strcmp(modules[i].name, name) == 0) return &modules[i];
  }
  return NULL;
}

MODULE_EXPORT void *module_get_symbol(const char *module_name, const char *symbol_name) {
  loaded_t *module = find(module_name);
  return module ? dlsym(module->library, symbol_name) : NULL;
}

MODULE_EXPORT int module_is_loaded(const char *module_name) { return find(module_name) != NULL; }

MODULE_EXPORT uint64_t module_frame_number(void) { return frame; }

static void fail(const char *what, const char *name) {
  fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

static void open_library(loaded_t *module, const char *name, const char *path) {
  char symbol[96];
  memset(module, 0, sizeof *module);
  snprintf(module->name, sizeof module->name, "%s", name);
  module->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!module->library) fail(dlerror(), name);
  module_interface_t *(*entry)(void) = (module_interface_t * (*)(void)) dlsym(module->library, "get_module_interface");
  if (entry) {
    module_interface_t *interface = entry();
    if (!interface) fail("no interface", name);
    module->calls = interface->vtable;
  } else {
    snprintf(symbol, sizeof symbol, "%s_init", name);
    module->plain_init = (void (*)(void))dlsym(module->library, symbol);
    snprintf(symbol, sizeof symbol, "%s_update", name);
    module->calls.update = (void (*)(double))dlsym(module->library, symbol);
  }
  module->view = (const char *(*)(void))dlsym(module->library, "module_view");
}

static void start(loaded_t *module, uint32_t generation) {
  const module_config_t config = {MODULE_API_VERSION, module->name, generation, generation > 1};
  if (module->calls.init && module->calls.init(&config) != 0) fail("init failed", module->name);
  if (module->plain_init) module->plain_init();
}

static void reload(const char *name, const char *path) {
  loaded_t *old = find(name);
  loaded_t arrives;
  void *data = NULL;
  size_t size = 0;
  if (!old) fail("not loaded", name);
  open_library(&arrives, name, path);
  if (old->calls.save_state && old->calls.save_state(&data, &size) != 0) fail("save_state failed", name);
  start(&arrives, 2);
  if (data && arrives.calls.load_state && arrives.calls.load_state(data, size) != 0) fail("load_state failed", name);
  if (old->calls.shutdown) old->calls.shutdown();
  free(data);
  *old = arrives;
}

static void show(const char *name) {
  loaded_t *module = find(name);
  const char *text = module && module->view ? module->view() : NULL;
  printf("%s", text ? text : "(no view)\n");
}

int main(int argc, char **argv) {
  double dt = 1.0 / 60.0;
  long frames = 0, every = 0, reload_at = -1;
  const char *view = NULL, *reload_name = NULL, *reload_path = NULL;
  for (int i = 1; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (strcmp(argv[i], "--dt") == 0) dt = atof(argv[++i]);
    else if (strcmp(argv[i], "--frames") == 0) frames = atol(argv[++i]);
    else if (strcmp(argv[i], "--view") == 0) view = argv[++i];
    else if (strcmp(argv[i], "--every") == 0) every = atol(argv[++i]);
    else if (strcmp(argv[i], "--reload") == 0) {
      reload_name = argv[++i];
      reload_at = atol(argv[++i]);
      reload_path = argv[++i];
    } else if (equals) {
      *equals = '\0';
      open_library(&modules[count++], argv[i], equals + 1);
    }
  }
  for (int i = 0; i < count; i++) start(&modules[i], 1);
  for (frame = 0; frame < (uint64_t)frames; frame++) {
    if ((long)frame == reload_at) reload(reload_name, reload_path);
    for (int i = 0; i < count; i++) {
      if (modules[i].calls.update) modules[i].calls.update(dt);
    }
    if (view && every > 0 && (frame + 1) % (uint64_t)every == 0) show(view);
  }
  if (view && every == 0) show(view);
  for (int i = count - 1; i >= 0; i--) {
    if (modules[i].calls.shutdown) modules[i].calls.shutdown();
  }
  return 0;
}
