/*
 * calls: calls the functions of one module's interface in the order given, and prints what each answered.
 *
 *   calls library.so init update save shutdown init load ...
 *
 * `hooks` prints the functions that are there. load and migrate take the bytes of the last save.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_interface.h"

static void print_hooks(const module_vtable_t *calls) {
  printf("hooks");
  if (calls->init) printf(" init");
  if (calls->shutdown) printf(" shutdown");
  if (calls->update) printf(" update");
  if (calls->save_state) printf(" save");
  if (calls->load_state) printf(" load");
  if (calls->migrate_state) printf(" migrate");
  if (calls->prepare_reload) printf(" prepare");
  if (calls->complete_reload) printf(" complete");
  if (calls->rollback_reload) printf(" rollback");
  printf("\n");
}

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) return 90;
  module_interface_t *(*entry)(void) = (module_interface_t * (*)(void)) dlsym(library, "get_module_interface");
  const char *(*view)(void) = (const char *(*)(void))dlsym(library, "module_view");
  module_interface_t *self = entry ? entry() : NULL;
  if (!self) {
    printf("interface NULL\n");
    return 0;
  }
  const module_vtable_t *calls = &self->vtable;
  const module_config_t config = {MODULE_API_VERSION, "counter", 1, 0};
  void *data = NULL;
  size_t size = 0;

  for (int i = 2; i < argc; i++) {
    const char *call = argv[i];
    if (strcmp(call, "hooks") == 0) print_hooks(calls);
    else if (strcmp(call, "info") == 0) printf("info %s %s %u\n", self->info.name, self->info.version, self->info.api_version);
    else if (strcmp(call, "init") == 0) printf("init %d\n", calls->init(&config));
    else if (strcmp(call, "update") == 0) calls->update(1.0 / 60.0);
    else if (strcmp(call, "load") == 0) printf("load %d\n", calls->load_state(data, size));
    else if (strcmp(call, "prepare") == 0) printf("prepare %d\n", calls->prepare_reload());
    else if (strcmp(call, "complete") == 0) printf("complete %d\n", calls->complete_reload());
    else if (strcmp(call, "rollback") == 0) calls->rollback_reload();
    else if (strcmp(call, "shutdown") == 0) calls->shutdown();
    else if (strcmp(call, "view") == 0) printf("view %s\n", view && view() ? view() : "NULL");
    else if (strcmp(call, "save") == 0) {
      free(data);
      data = NULL;
      printf("save %d", calls->save_state(&data, &size));
      printf(" %zu\n", size);
    } else if (strcmp(call, "migrate") == 0) {
      printf("migrate %d", calls->migrate_state("1.0.0", "2.0.0", &data, &size));
      printf(" %zu\n", size);
    }
    fflush(stdout);
  }
  free(data);
  return 0;
}
