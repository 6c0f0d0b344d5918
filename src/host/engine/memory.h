/* memory.h: memory that may not be there, read without a fault; and where a loaded library begins. */
#ifndef HOTMOD_MEMORY_H
#define HOTMOD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies size bytes from an address of this process. False where not all of them are readable; never faults. */
bool memory_read(uintptr_t address, void *to, size_t size);

/* The same through a pipe, for systems without a call for it. Slower. */
bool memory_read_by_pipe(uintptr_t address, void *to, size_t size);

/* What is added to the addresses in a library's file once it is loaded. 0, or -1 where unknown. */
int memory_load_base(void *handle, uintptr_t *base);

#endif
