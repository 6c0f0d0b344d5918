/*
 * cfi.h: from a function to its caller by the unwind tables of its library (.eh_frame: LSB Core, section 10.6; DWARF 5,
 * section 6.4), which know the C library and code without frame pointers. Only what compilers write for ordinary functions
 * is understood; no expressions.
 *
 * Reads memory that the tables and the registers lead to, without looking whether it is there: the caller has to be ready
 * for a fault.
 */
#ifndef HOTMOD_CFI_H
#define HOTMOD_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "hotmod_engine.h"
#include "platform.h"

/* Registers by their DWARF numbers: 0 to 15 of x86-64, 0 to 31 of AArch64. */
#define CFI_REGISTERS 32

typedef struct cfi_state {
  uintptr_t pc;
  bool is_return; /* pc is a return address: the call lies before it */
  uintptr_t registers[CFI_REGISTERS];
} cfi_state_t;

/* The state that a signal interrupted; registers that are not known are 0. Safe in a signal handler. */
void cfi_begin(const platform_machine_t *machine, cfi_state_t *state);

uintptr_t cfi_stack_pointer(const cfi_state_t *state);
uintptr_t cfi_frame_pointer(const cfi_state_t *state);
void cfi_set_stack(cfi_state_t *state, uintptr_t pc, uintptr_t sp, uintptr_t frame);

/* Goes to the caller. False, with *state as it was, where no table says how. Safe in a signal handler. */
bool cfi_step(cfi_state_t *state);

#endif
