/* blocks.h: memory that arguments of a call point to. */
#ifndef HOTMOD_BLOCKS_H
#define HOTMOD_BLOCKS_H

#include <stddef.h>

/*
 * A copy of size bytes, aligned for any type without vectors wider than 64 bytes; NULL where memory is short.
 *
 * A function may keep the address of an argument, a name it was given for example. So blocks are not freed with their
 * call: the youngest stay, up to about a megabyte, and every block of the call that was made last.
 */
void *block_copy(const void *bytes, size_t size);

/* Frees the oldest blocks above that measure. Between two calls. */
void blocks_trim(void);

#endif
