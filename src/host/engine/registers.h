/* registers.h: puts arguments into the machine's registers and takes the result out of them. */
#ifndef HOTMOD_REGISTERS_H
#define HOTMOD_REGISTERS_H

#include "call.h"

/*
 * Calls the function with all registers and stack words of the call, whatever it takes of them: the caller of both
 * conventions clears the stack, so that more than the function expects does no harm.
 */
void registers_call(native_call_t *call, void *function);

#endif
