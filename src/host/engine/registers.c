/*
 * No assembly: a function type whose parameters are as many integers as there are integer registers, eight doubles and
 * then integers has the compiler put each where the convention wants it, and a result type has it fetch the registers
 * that a result of that shape comes back in. A double carries 64 bits of a vector register unchanged.
 */
#include "registers.h"

#include <string.h>

#define STACK_WORDS                                                                                                  \
  uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,      \
      uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define VECTOR_REGISTERS double, double, double, double, double, double, double, double

#if defined(__aarch64__)
#define INTEGER_REGISTERS uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define INTEGERS(from) from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7]
#else
#define INTEGER_REGISTERS uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define INTEGERS(from) from[0], from[1], from[2], from[3], from[4], from[5]
#endif
#define FLOATS(from) from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7]
#define STACK(from)                                                                                                  \
  from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7], from[8], from[9], from[10], from[11],      \
      from[12], from[13], from[14], from[15]

_Static_assert(CALL_STACK == 16 && CALL_FLOATS == 8, "the lists above have as many places");

#define FUNCTION(result) result (*)(INTEGER_REGISTERS, VECTOR_REGISTERS, STACK_WORDS)
/* Calls with the given integer registers and copies what came back to call->result. */
#define CALL_FOR(type, integers)                                                                                     \
  do {                                                                                                               \
    type got = ((FUNCTION(type))function)(INTEGERS(integers), FLOATS(call->floats), STACK(call->stack));             \
    memcpy(call->result, &got, sizeof got);                                                                          \
  } while (0)

typedef struct integer_integer {
  uint64_t first, second;
} integer_integer_t;
typedef struct integer_float {
  uint64_t first;
  double second;
} integer_float_t;
typedef struct float_integer {
  double first;
  uint64_t second;
} float_integer_t;
typedef struct floats_2 {
  double of[2];
} floats_2_t;

#if defined(__aarch64__)
typedef struct floats_3 {
  double of[3];
} floats_3_t;
typedef struct floats_4 {
  double of[4];
} floats_4_t;
/* The function writes only as much as its own result has; the rest keeps what it held. */
typedef struct in_memory {
  uint64_t of[CALL_RESULT_MAX / 8];
} in_memory_t;
#endif

static void call_for_memory(native_call_t *call, void *function) {
#if defined(__aarch64__)
  CALL_FOR(in_memory_t, call->integers);
#else
  uint64_t integers[CALL_INTEGERS] = {(uint64_t)(uintptr_t)call->result};
  memcpy(integers + 1, call->integers, sizeof integers - sizeof integers[0]);
  ((FUNCTION(void))function)(INTEGERS(integers), FLOATS(call->floats), STACK(call->stack));
#endif
}

void registers_call(native_call_t *call, void *function) {
  switch (call->returns) {
    case CALL_NOTHING:
      ((FUNCTION(void))function)(INTEGERS(call->integers), FLOATS(call->floats), STACK(call->stack));
      return;
    case CALL_INTEGER:
      CALL_FOR(uint64_t, call->integers);
      return;
    case CALL_FLOAT:
      CALL_FOR(double, call->integers);
      return;
    case CALL_INTEGER_INTEGER:
      CALL_FOR(integer_integer_t, call->integers);
      return;
    case CALL_INTEGER_FLOAT:
      CALL_FOR(integer_float_t, call->integers);
      return;
    case CALL_FLOAT_INTEGER:
      CALL_FOR(float_integer_t, call->integers);
      return;
    case CALL_FLOATS_2:
      CALL_FOR(floats_2_t, call->integers);
      return;
#if defined(__aarch64__)
    case CALL_FLOATS_3:
      CALL_FOR(floats_3_t, call->integers);
      return;
    case CALL_FLOATS_4:
      CALL_FOR(floats_4_t, call->integers);
      return;
#else
    case CALL_FLOATS_3:
    case CALL_FLOATS_4:
      return;
#endif
    case CALL_MEMORY:
      call_for_memory(call, function);
      return;
  }
}
