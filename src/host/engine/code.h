/*
 * code.h: what a few instructions around an address tell about calls (Intel 64 manual, volume 2, CALL; Arm A-profile
 * instruction set, BL and BLR). Pure: bytes in, an answer out. Safe in a signal handler.
 */
#ifndef HOTMOD_CODE_H
#define HOTMOD_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

/* Bytes before a return address that show whether it is one. */
#if defined(__aarch64__)
#define CODE_BEFORE 4
#else
#define CODE_BEFORE 7
#endif

/* Whether the CODE_BEFORE bytes before an address end with a call. */
bool code_is_call(const unsigned char *before, uintptr_t address);

/* Where that call leads, if the instruction itself says so. */
bool code_call_target(const unsigned char *before, uintptr_t address, uintptr_t *target);

/* Whether instructions from the start of a function set up its frame. */
bool code_sets_frame(const unsigned char *code, size_t size);

/*
 * Where a function without a frame may find its return address: a place on the stack, or a value where the place is 0.
 * The number of them, at most 2.
 */
size_t code_return_candidates(const platform_machine_t *machine, uintptr_t *values, uintptr_t *places);

#endif
