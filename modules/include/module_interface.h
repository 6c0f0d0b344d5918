/*
 * module_interface.h: what a module and hotmod say to each other.
 *
 * A module is a shared library. It needs nothing of this header: three plain functions such as counter_init,
 * counter_update and counter_shutdown make a module. This header is for modules that want more: to keep their state
 * across a reload in their own way, to take part in the reload protocol, or to use the engine.
 *
 * Contract of every function below: 0 is success, anything else is a failure, and a failure before the switch leaves
 * the version that runs untouched. All calls come from the engine's own thread, between frames, one at a time.
 */
#ifndef HOTMOD_MODULE_INTERFACE_H
#define HOTMOD_MODULE_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. A module built against another major number is refused, never guessed at. */
#define MODULE_API_VERSION 1u

/* Put before every symbol that hotmod or another module looks up by name. */
#define MODULE_EXPORT __attribute__((visibility("default")))

/* What init() is given. Pointers are valid during the call only. */
typedef struct module_config {
  uint32_t api_version;
  const char *module_name;
  uint32_t generation; /* 1 for the first version of a session, one more with every reload */
  int is_reload;       /* 0: a first start; 1: another version ran before this one */
} module_config_t;

typedef struct module_info {
  const char *name;
  const char *version; /* MAJOR.MINOR.PATCH; migrate_state runs where it differs from the version before */
  uint32_t api_version;
  const char *build_timestamp; /* may be NULL */
} module_info_t;

/* Any function may be NULL. */
typedef struct module_vtable {
  int (*init)(const module_config_t *config);
  void (*shutdown)(void);
  /* dt: seconds since the last frame. */
  void (*update)(double dt);
  /* Called on the version that leaves. Allocates *data with malloc; the engine frees it. */
  int (*save_state)(void **data, size_t *size);
  /* Called on the version that arrives, after init. Must copy what it wants to keep. */
  int (*load_state)(const void *data, size_t size);
  /*
   * Called on the version that arrives, before init, where the two versions' info.version differ. May change the
   * bytes in place, or free(*data) and set *data to a new malloc block, with *size to match.
   */
  int (*migrate_state)(const char *from_version, const char *to_version, void **data, size_t *size);
  /* On the version that leaves, first of all: come to rest, or return non-zero to refuse the reload. */
  int (*prepare_reload)(void);
  /* On the version that arrives, last of all before the switch. */
  int (*complete_reload)(void);
  /* On the version that stays, when a reload failed after its prepare_reload. Undo what that did. */
  void (*rollback_reload)(void);
} module_vtable_t;

/* One exported function by name, ended by an entry whose name is NULL. */
typedef struct module_function {
  const char *name;
  void (*function)(void);
  const char *signature; /* for people; may be NULL */
} module_function_t;

typedef struct module_interface {
  module_info_t info;
  module_vtable_t vtable;
  const module_function_t *function_table; /* may be NULL */
} module_interface_t;

/* A module of this style exports this one function. The result must live as long as the module is loaded. */
MODULE_EXPORT module_interface_t *get_module_interface(void);

/*
 * Optional: text shown live beside the module, drawn a few times a second. UTF-8, lines ended by '\n'; NULL while there
 * is nothing to show. The module owns the memory.
 */
MODULE_EXPORT const char *module_view(void);

/* ---- What the engine offers to modules. ------------------------------------------------------------------------ */

/*
 * The address of what another module exports, in the version that runs now; NULL where the module is not loaded or
 * has no such symbol. Valid until the next frame boundary: ask each frame, do not keep it. Takes about 0.1 us.
 */
void *module_get_symbol(const char *module_name, const char *symbol_name);

/* Non-zero where a module of this name is loaded and running. */
int module_is_loaded(const char *module_name);

/*
 * Between these two calls the module is not replaced, nor is what changed together with it: for work over several frames
 * that a switch would spoil. A save made meanwhile waits and is not forgotten. They nest; `why` is shown to people (up to
 * 63 bytes). A crash ends them.
 */
void module_begin_critical(const char *why);
void module_end_critical(void);

/*
 * Memory that goes where the variables go: after a crash both are as they were at the last frame boundary, and where the
 * host process itself ends, the one that takes over has both. Memory from malloc keeps what the crashed call wrote to it, and
 * is gone with its process.
 *
 * Blocks are aligned to 16 bytes and belong to the module whose code asks; every version of it may free them, and other
 * modules too. At most 1 GB a module; NULL where there is no more, and for a block that could not be made larger. At each
 * frame boundary what the module has is copied, about 0.1 ms for each megabyte. A block that is no block, or free already,
 * ends the call with SIGABRT. May be called from any thread.
 */
void *module_alloc(size_t size);
void *module_realloc(void *block, size_t size);
void module_free(void *block);

/* Frames the engine has run since it started. */
uint64_t module_frame_number(void);

#ifdef __cplusplus
}
#endif

#endif
