/*
 * intensity.h: how often a module may crash: Erlang/OTP's restart intensity (supervisor(3), "Maximum Restart Intensity").
 */
#ifndef HOTMOD_INTENSITY_H
#define HOTMOD_INTENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The times of the last crashes, in a ring of one more than are forgiven. Zero-initialised is a good start. */
typedef struct intensity {
  uint64_t *times; /* nanoseconds of the monotonic clock */
  size_t capacity;
  size_t next;
  size_t count;
} intensity_t;

/*
 * Notes a crash. True where there were more than `max` of them within `within_ns`, this one included; they are forgotten
 * then. Also true where memory is short.
 */
bool intensity_exceeded(intensity_t *intensity, uint64_t now, size_t max, uint64_t within_ns);

void intensity_close(intensity_t *intensity);

#endif
