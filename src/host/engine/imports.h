/*
 * imports.h: the places in a module's image where addresses of other modules' symbols stand.
 *
 * The loader binds a symbol once, to whatever it finds first. What one module uses of another must follow the other's
 * reloads, so the engine binds it itself. Before the library is loaded, its private copy is changed (imports that another
 * module provides become weak, and its constructors are renamed in the dynamic section): the loader then leaves those
 * places empty and calls no constructor, which might use them.
 */
#ifndef HOTMOD_IMPORTS_H
#define HOTMOD_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotmod_engine.h"
#include "segments.h"

typedef struct import {
  uintptr_t place;      /* eight bytes, aligned */
  uintptr_t addend;     /* what is added to the symbol's address */
  const char *symbol;
  const char *provider; /* name of the module that defines it */
  bool optional;        /* may be missing; its address is then 0 */
  uintptr_t bound;      /* the symbol's address that the place was given; 0 for none */
  uintptr_t found;      /* the one that it is about to be given */
  const void *from;     /* the image that defines it; NULL while there is none */
} import_t;

typedef struct imports {
  char *text; /* what the names point into */
  import_t *list;
  size_t count;
  size_t capacity;
} imports_t;

/*
 * Dynamic section entries that hold the constructors back. Numbers between those of the system and of the processor mean
 * nothing to loaders (gABI chapter 5, DT_LOOS); the values are those of DT_INIT, DT_INIT_ARRAY and DT_INIT_ARRAYSZ.
 */
#define HOT_DT_INIT 0x60486d01
#define HOT_DT_INIT_ARRAY 0x60486d02
#define HOT_DT_INIT_ARRAYSZ 0x60486d03

/*
 * Finds the places of an image that was just loaded. `wanted` has one line for each symbol, `symbol=module`, with `?` in
 * front where it may be missing. Fails with HOT_NOT_LOADED where a symbol is used in a way that cannot be bound
 * (thread-local variables), and with HOT_NO_MEMORY.
 */
bool imports_read(imports_t *imports, const segments_t *segments, const char *wanted, hot_failure_t *failure);

void imports_free(imports_t *imports);

/* Calls the constructors that were held back, in the loader's order. They run on this thread. */
void imports_construct(const segments_t *segments);

#endif
