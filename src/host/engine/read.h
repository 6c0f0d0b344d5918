/* read.h: bytes of a module, all of one reading between the same two frames. */
#ifndef HOTMOD_READ_H
#define HOTMOD_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct read_range {
  bool in_image; /* address is one of the library's file; otherwise it is one of the process */
  bool readable; /* answered: whether all of it was */
  uint64_t address;
  size_t size;
  void *bytes; /* size bytes to copy to */
} read_range_t;

typedef struct reading {
  const char *module;
  read_range_t *ranges;
  size_t count;
  /* Answered; base and generation are 0 where the module is not loaded, and its ranges then are not readable. */
  uint32_t generation;
  uint64_t base;
  uint64_t frame;
} reading_t;

/* Waits for the next frame boundary. A version that crashed is read all the same: its values tell why. */
void read_between_frames(reading_t *reading);

#endif
