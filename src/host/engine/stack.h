/*
 * stack.h: the calls that led to a fault, as return addresses.
 *
 * Modules are built with frame pointers, so a stack is a list of (saved frame pointer, return address) pairs (System V
 * AMD64 ABI 3.2.2, AAPCS64 6.4.6). Where the list is broken, by the C library, which has none, or by a module that wrote
 * over its stack, the words of the stack are searched for return addresses into a module; such frames are marked as
 * guessed. The engine's own frames are left out. What is read is read so that a bad address ends the reading of it and
 * nothing else, therefore on_fault must ask stack_escape first.
 */
#ifndef HOTMOD_STACK_H
#define HOTMOD_STACK_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "hotmod_engine.h"

/* Finds out where the engine's own code lies. Not in a signal handler. */
void stack_open(void);

/* Tells where the calling thread's stack lies: reading inside it needs no care. Not in a signal handler. */
void stack_thread_open(void);

/*
 * Whether an access to this address that failed means that the calling thread's stack was full: it lies on the stack,
 * where only the guard page is not accessible, or closely below.
 */
bool stack_is_beyond(uintptr_t address);

/*
 * Captures the stack that a signal interrupted, from the arguments of its handler; limit is an address above the last
 * frame of interest, or NULL. Safe in a signal handler.
 */
void stack_capture(const siginfo_t *info, const void *context, const void *limit, hot_stack_t *stack);

/* Captures the caller's own stack. Safe in a signal handler. */
void stack_capture_here(const void *limit, hot_stack_t *stack);

/* Goes back to the reading of a stack where that is what faulted, and otherwise does nothing. */
void stack_escape(void);

#endif
