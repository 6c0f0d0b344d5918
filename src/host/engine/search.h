/*
 * search.h: images that nothing runs any more, until no thread is inside them and nothing points into them.
 *
 * A pointer to a string literal, a callback in an object on the heap, a table: after the library is closed it would lead
 * nowhere, or into whatever is loaded there next. A thread that a version started may outlive it. So every image waits here
 * until a search finds neither (threads.h), and the first thing found is remembered, for whoever asks why it stays.
 *
 * The search takes every word for a pointer, so that a number may keep an image but nothing that is needed is ever closed.
 * What the loader and the engine themselves know of an image must not count, or nothing would be closed: the addresses
 * that the loader holds are left out (segments.h), and here they are only kept as offsets and complements.
 */
#ifndef HOTMOD_SEARCH_H
#define HOTMOD_SEARCH_H

#include "image.h"

/*
 * Takes an image over, which is closed as soon as that is proven harmless. One that is pinned stays; so does one whose state
 * went on where the system does not tell what it consists of.
 */
void search_retire(image_t *image);

/*
 * Looks through what waits and closes what nothing needs. Images whose state has no pointers to objects on the heap
 * are judged by the threads and the variables of the images in `live`, the others by all writable memory as well, which takes
 * milliseconds and therefore only happens when several wait for nothing else, or where `at_once` says so. The first `running` of the live
 * images run, the others are kept to go back to. Outside the pause, on a thread that has called guard_thread_open.
 */
void search_sweep(image_t *const *live, size_t count, size_t running, bool at_once);

/*
 * Clears what lies unused on the calling thread's stack, below its own frame. Calls leave words behind there, and large
 * variables that nobody fills in keep them for ever: a search would take them for pointers.
 */
void search_forget_stack(void);

/* Images that wait. */
size_t search_waiting(void);

/* Why the n-th of them could not be closed when it was last looked for; module and generation are its own. */
const hot_kept_image_t *search_blocker(size_t n);

#endif
