/*
 * loop.h: the engine's thread. It runs frames by the clock and commands between them; a command that arrives while the
 * thread waits for its next frame runs at once. Deadlines are absolute, so that frames do not drift; a loop that has
 * fallen behind by more than a few frames lets them go.
 */
#ifndef HOTMOD_LOOP_H
#define HOTMOD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the thread. 0, or -1 with errno. */
int loop_open(double rate, bool stepped);

/* Runs a command on the engine's thread between two frames and waits for it. */
void loop_run(void (*command)(void *), void *argument);

/* Ends the thread after the commands that wait. */
void loop_close(void);

/* One frame: update of every running module. On the engine's thread. */
void loop_frame(double dt);

uint64_t loop_frame_number(void);

/* On the engine's thread. */
void loop_set_paused(bool paused);
bool loop_is_paused(void);
void loop_set_rate(double rate);
double loop_rate(void);

/* Mean time of one frame's updates over the last second in which frames ran, microseconds. */
double loop_tick_us(void);

#endif
