/*
 * output.h: says which module wrote what to stdout and stderr.
 *
 * Both streams are fully buffered. Before a guarded call a marker naming the module is put into the buffer; after it
 * either nothing was added, and the marker is taken out again, or the text is closed with an empty marker and flushed.
 * A module that flushes by itself (fflush, std::endl) or overflows the buffer sends the marker ahead of its text.
 *
 * Within a frame one call follows the other, so a call is left when the next one is entered, or the frame ends: most
 * modules write nothing, and laying one marker over the other costs less than taking it out and putting in the next.
 *
 * A marker is the bytes ESC ] h o t m o d ; <module name> BEL, an operating system command that terminals swallow
 * (ECMA-48, 8.3.89). src/host/output.ts takes them out again.
 */
#ifndef HOTMOD_OUTPUT_H
#define HOTMOD_OUTPUT_H

#include "status.h"

/* Gives both streams their buffers. Without it the other functions do nothing. */
void output_open(void);

void output_enter(status_lane_name_t lane, const char *module);
void output_leave(status_lane_name_t lane);

/* Leaves a call whose process ends before it returns. */
void output_leave_now(status_lane_name_t lane);

/* Around the calls of one frame. On the engine's thread. */
void output_begin_frame(void);
void output_end_frame(void);

/* Passes on what module threads wrote outside any call. */
void output_flush(void);

#endif
