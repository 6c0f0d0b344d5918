/* platform.h: the few things that differ between Linux and macOS. Nothing outside platform.c asks for a system. */
#ifndef HOTMOD_PLATFORM_H
#define HOTMOD_PLATFORM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Nanoseconds of the monotonic clock. */
uint64_t platform_now(void);

/* A condition whose waits are timed by the monotonic clock. 0, or an errno. */
int platform_condition_init(pthread_cond_t *condition);

/* Waits for a signal of the condition, at most until the deadline of the monotonic clock. */
void platform_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline);

/* Bytes that were written to a stream and not flushed yet. */
size_t platform_pending(FILE *stream);

/* Forgets the bytes that were written to a stream and not flushed yet. */
void platform_purge(FILE *stream);

/* The instruction a signal interrupted, from the third argument of its handler; the caller's where it is 0. */
uintptr_t platform_fault_pc(const void *context);

/* The addresses [*low, *high) at which the library of a dlopen handle is mapped. 0, or -1 where unknown. */
int platform_image_range(void *handle, uintptr_t *low, uintptr_t *high);

#endif
