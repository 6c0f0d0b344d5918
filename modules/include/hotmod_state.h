/*
 * hotmod_state.h: what a module may say about its state. Nothing here costs anything at run time, and a module that
 * says nothing needs nothing: variables and fields are carried over by name and type.
 *
 *     struct city {
 *       int people HOTMOD_WAS("population");   // takes the value of the field that was called population
 *       double money;
 *     };
 *     static struct city city;
 *     static int cached_total HOTMOD_RESET;    // starts afresh at every reload
 *
 * Both stand after the name, in the line of the name: some compilers (clang for C++, gcc) keep no trace of attributes in
 * debug information, and hotmod then reads that line of the source.
 */
#ifndef HOTMOD_STATE_H
#define HOTMOD_STATE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__has_attribute) && !defined(__cplusplus)
#if __has_attribute(btf_decl_tag)
#define HOTMOD_TAG(text) __attribute__((btf_decl_tag(text)))
#endif
#endif
#ifndef HOTMOD_TAG
#define HOTMOD_TAG(text)
#endif

/* The variable or field was called `name`, a string, in the version that runs. May stay: an old name that is not found is ignored. */
#define HOTMOD_WAS(name) HOTMOD_TAG("hotmod:was=" name)

/* The variable starts with its initial value after every reload. */
#define HOTMOD_RESET HOTMOD_TAG("hotmod:reset")

/*
 * The bytes that save_state gives are exactly one object of `type`: then they are converted, field by field, when the
 * layout of the type changes and the module has no migrate_state. Stands once, at file scope, after the type:
 *
 *     HOTMOD_STATE_TYPE(struct saved_city);
 */
#if defined(__has_attribute)
#if __has_attribute(retain)
#define HOTMOD_KEEP __attribute__((used, retain)) /* through --gc-sections too */
#endif
#endif
#ifndef HOTMOD_KEEP
#define HOTMOD_KEEP __attribute__((used))
#endif
#define HOTMOD_STATE_TYPE(type) HOTMOD_KEEP static type *const hotmod_state_type = (type *)0

/*
 * One step from one declared version of the saved state to a later one. Gets the bytes of version `from`; leaves newly
 * malloc'ed bytes of version `to`, which hotmod frees. 0 is success; anything else takes the reload back.
 */
typedef struct hotmod_migration {
  uint32_t from;
  uint32_t to;
  int (*function)(const void *old_state, size_t old_size, void **new_state, size_t *new_size);
} hotmod_migration_t;

typedef struct hotmod_state_version {
  uint32_t magic; /* HOTMOD_STATE_MAGIC: what stands here is this table and not something else of the same name */
  uint32_t version;
  const hotmod_migration_t *migrations;
  size_t count;
} hotmod_state_version_t;

#define HOTMOD_STATE_MAGIC 0x54534d48u /* "HMST" in memory order */

/*
 * Declares the version of what save_state gives, and how older versions become it; the steps are applied one after
 * another (1 -> 2, 2 -> 3), before load_state. hotmod keeps the version and a checksum with the saved bytes and refuses
 * bytes whose checksum no longer fits. Stands once, at file scope; a module that uses it needs no migrate_state:
 *
 *     static const hotmod_migration_t migrations[] = {{1, 2, add_mood}, {2, 3, widen_money}};
 *     HOTMOD_STATE_VERSION(3, migrations);
 */
#ifdef __cplusplus
#define HOTMOD_EXPORT extern "C" __attribute__((visibility("default"), used))
#else
#define HOTMOD_EXPORT __attribute__((visibility("default"), used))
#endif
#define HOTMOD_STATE_VERSION(number, table)                                    \
  HOTMOD_EXPORT const hotmod_state_version_t hotmod_state_version = {          \
      HOTMOD_STATE_MAGIC, (number), (table), sizeof(table) / sizeof((table)[0])}

#endif
