/*
 * copies.h: the memory that the copies of the last frame boundary lie in (shadow.h), side by side in large regions.
 *
 * A frame goes through the copies of all modules. Those of small modules fill a few pages this way, in about the order of
 * the frame; from malloc each lay on a page of its own, and looking up that page's address cost more than the copy.
 */
#ifndef HOTMOD_COPIES_H
#define HOTMOD_COPIES_H

#include <stddef.h>

/*
 * Memory for one copy, all zeros, aligned for anything, its pages present, so that no frame waits for the system to find
 * them. NULL where there is none. On any thread.
 */
void *copies_take(size_t size);

/* Gives it back, wiped: it holds addresses that would keep images (search.h). NULL is nothing. On any thread. */
void copies_give_back(void *bytes);

#endif
