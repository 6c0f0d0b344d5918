/*
 * threads.h: whether a thread is inside code that is to be unloaded.
 *
 * A thread is inside where it was started with a function of it, which the C library remembers beside its own data of the
 * thread, whether the function has been called yet or not; where its program counter or a register points into the code; or
 * where its stack holds a return address into it. The kernel does not tell where another thread stands (/proc/self/task/N/syscall is not built into every
 * kernel, and says nothing of a thread that computes), so a thread is asked by a signal, whose handler only notes the
 * registers. A signal ends some waits early (nanosleep, poll; signal(7)), therefore only those are asked that may be
 * inside and were not started there: a thread that computes, and one whose stack, used or not, holds anything that looks
 * like a return address into the code. One that does not answer, because it blocks the signal, counts as inside.
 *
 * Where stacks lie is known by the list of robust mutexes, which the C library keeps beside each thread's own data
 * (get_robust_list(2)); a thread without one is asked in any case. User-mode emulators have no such list for anybody: there, threads
 * that took no signals before the first module was loaded are left alone. Not seen is a thread that waits on a stack of its own
 * making, such as that of a coroutine, while its first stack has no trace of the code. Only on Linux.
 */
#ifndef HOTMOD_THREADS_H
#define HOTMOD_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct thread {
  int32_t id;
  char name[16];
  bool silent; /* it did not answer: it may be there */
} thread_t;

typedef struct thread_search {
  /* All code in question lies within these bytes: hardly any word of a stack leads there. */
  uintptr_t low;
  uintptr_t size;
  /* Whether an address lies in code in question. */
  bool (*concerns)(uintptr_t address);
  /* A thread is at, or returns to, an address; 0 where it does not answer and may be anywhere. */
  void (*found)(const thread_t *thread, uintptr_t address);
} thread_search_t;

/* Takes the signal that threads are asked by, and notes who is there. Once in a process, before any module. */
void threads_open(void);

/*
 * Looks at all threads of the process; of the calling one at the part of its stack above `here`. False where the system
 * does not tell which threads there are. Not while another thread looks.
 */
bool threads_search(const thread_search_t *search, uintptr_t here);

#endif
