#include "read.h"

#include "find.h"
#include "loop.h"
#include "memory.h"

static void read_at_boundary(void *argument) {
  reading_t *reading = argument;
  const image_t *image = find_current(reading->module);
  uintptr_t base = 0;
  bool loaded = image != NULL && memory_load_base(image->handle, &base) == 0;
  reading->generation = loaded ? image->generation : 0;
  reading->base = base;
  reading->frame = loop_frame_number();
  for (size_t n = 0; n < reading->count; n++) {
    read_range_t *range = &reading->ranges[n];
    uintptr_t address = (uintptr_t)range->address + (range->in_image ? base : 0);
    range->readable = (loaded || !range->in_image) && memory_read(address, range->bytes, range->size);
  }
}

void read_between_frames(reading_t *reading) { loop_run(read_at_boundary, reading); }
