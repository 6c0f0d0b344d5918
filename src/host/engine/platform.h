/* platform.h: the few things that differ between Linux and macOS. Nothing outside platform.c asks for a system. */
#ifndef HOTMOD_PLATFORM_H
#define HOTMOD_PLATFORM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * For thread-local variables that a signal handler reads: the initial-exec model makes that a plain load, where the default
 * one may allocate on a thread's first use, which a handler must not.
 */
#ifdef __APPLE__
#define HANDLER_SAFE
#else
#define HANDLER_SAFE __attribute__((tls_model("initial-exec")))
#endif

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

/* What a walk over a stack begins with. */
typedef struct platform_machine {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t frame; /* rbp, x29 */
  uintptr_t link;  /* x30; 0 on machines that keep return addresses on the stack */
  const void *context;
} platform_machine_t;

/* What a signal interrupted, from the third argument of its handler. Safe in a signal handler. */
void platform_read_machine(const void *context, platform_machine_t *machine);

/*
 * Copies the general-purpose registers and gives their number. x86-64: rax rbx rcx rdx rsi rdi rbp rsp r8 to r15 rip rflags;
 * AArch64: x0 to x30 sp pc pstate. 0 without a context. Safe in a signal handler.
 */
uint32_t platform_copy_registers(const platform_machine_t *machine, uint64_t *registers);

/*
 * Copies the vector registers of AArch64, v0 to v31 with the lower word first, then fpsr and fpcr, and gives the number of
 * words; 0 on other machines, or without a context. Safe in a signal handler.
 */
uint32_t platform_copy_vectors(const platform_machine_t *machine, uint64_t *words);

/* The addresses [*low, *high) of the library or program that an address lies in; both 0 where none does. */
void platform_code_range(uintptr_t address, uintptr_t *low, uintptr_t *high);

/*
 * The table that leads to the unwind information of the library that an address lies in (.eh_frame_hdr); NULL where there is
 * none, or the system cannot tell without a lock. Safe in a signal handler.
 */
const unsigned char *platform_unwind_header(uintptr_t address);

/* The addresses [*low, *high) of the calling thread's stack; both 0 where unknown. */
void platform_thread_stack(uintptr_t *low, uintptr_t *high);

/* The addresses [*low, *high) at which the library of a dlopen handle is mapped. 0, or -1 where unknown. */
int platform_image_range(void *handle, uintptr_t *low, uintptr_t *high);

#endif
