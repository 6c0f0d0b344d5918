/*
 * call.h: calls an exported function of a module between frames, with arguments that were sorted into registers and
 * stack words outside (src/call/; System V AMD64 ABI 3.2.3, AAPCS64 6.8).
 */
#ifndef HOTMOD_CALL_H
#define HOTMOD_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotmod_engine.h"

#if defined(__aarch64__)
#define CALL_INTEGERS 8
#else
#define CALL_INTEGERS 6
#endif
#define CALL_FLOATS 8
#define CALL_STACK 16
/* Largest result returned in memory. */
#define CALL_RESULT_MAX 65536

/* The registers a result comes back in. */
typedef enum call_returns {
  CALL_NOTHING,
  CALL_INTEGER,
  CALL_FLOAT,
  CALL_INTEGER_INTEGER,
  CALL_INTEGER_FLOAT,
  CALL_FLOAT_INTEGER,
  CALL_FLOATS_2,
  CALL_FLOATS_3, /* AArch64 alone */
  CALL_FLOATS_4, /* AArch64 alone */
  CALL_MEMORY    /* a buffer of the caller's: a hidden first argument (x86-64), x8 (AArch64) */
} call_returns_t;

typedef enum call_problem {
  CALL_OK,
  CALL_NOT_RUNNING,
  CALL_NO_FUNCTION,
  CALL_CRASHED,
  CALL_NO_MEMORY,
  CALL_BAD_REQUEST
} call_problem_t;

typedef struct native_call {
  const char *module;
  const char *symbol;
  /* With CALL_MEMORY on x86-64 the first integer register is the buffer's: at most five are given then. */
  uint64_t integers[CALL_INTEGERS];
  double floats[CALL_FLOATS];
  uint64_t stack[CALL_STACK];
  call_returns_t returns;
  /* Answered. The registers one after another, or the buffer. */
  uint64_t result[CALL_RESULT_MAX / 8];
  call_problem_t problem;
  hot_failure_t crash;
  uint64_t duration_ns;
} native_call_t;

/*
 * Waits for the next frame boundary and calls. A crash in the function is one of the module, as one in its
 * update would be (recovery.h).
 */
void call_between_frames(native_call_t *call);

#endif
