/*
 * guard.h: calls into modules that a crash cannot take the program down with.
 *
 * SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT are handled on an alternate stack, so that a stack overflow is caught
 * too. On a thread that is inside guard_run the call is abandoned with siglongjmp; its locks and half-written data stay
 * as they are, which is why the caller takes the module out of use. On any other thread the fault goes to the handler
 * that was there before, after the status file has been told what is known, and the process ends as it would have.
 */
#ifndef HOTMOD_GUARD_H
#define HOTMOD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

typedef struct guard_fault {
  int signal;
  uintptr_t address;
  uintptr_t pc;        /* the instruction; 0 where unknown */
  uint64_t entered_at; /* when the handler was entered, nanoseconds */
  bool overflow;       /* the stack of the thread was full */
  char function[HOT_NAME_MAX]; /* empty where the loader knows none */
  hot_stack_t stack;
} guard_fault_t;

/* Installs the handlers, and the one that notices exit(). 0, or -1 with errno. Once in a process. */
int guard_open(void);

/* Gives the calling thread an alternate signal stack; guard_thread_close takes it away again. */
void guard_thread_open(void);
void guard_thread_close(void);

/* Calls body(argument). True where it returned; false where it crashed, and then *fault says how. */
bool guard_run(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument,
               guard_fault_t *fault);

/* Says in *failure what a guarded call crashed with, stack included. */
void guard_tell(const guard_fault_t *fault, const status_site_t *site, hot_failure_t *failure);

/*
 * The same as guard_run for dlopen and dlclose: said in the status file, but a fault ends the process, because the loader's lock is
 * held and no library could be loaded after it.
 */
void guard_watch(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument);

#endif
