#include "intensity.h"

#include <stdlib.h>

/* Of another limit the times of before are not worth keeping. */
static bool has_room(intensity_t *intensity, size_t capacity) {
  if (intensity->capacity == capacity) return true;
  intensity_close(intensity);
  intensity->times = calloc(capacity, sizeof *intensity->times);
  if (intensity->times == NULL) return false;
  intensity->capacity = capacity;
  return true;
}

bool intensity_exceeded(intensity_t *intensity, uint64_t now, size_t max, uint64_t within_ns) {
  size_t capacity = max + 1;
  if (!has_room(intensity, capacity)) return true;
  intensity->times[intensity->next] = now;
  intensity->next = (intensity->next + 1) % capacity;
  intensity->count++;
  /* Once the ring is full, the next place is that of the oldest. */
  uint64_t oldest = intensity->times[intensity->next];
  if (intensity->count < capacity || (max > 0 && now - oldest >= within_ns)) return false;
  intensity->count = 0;
  return true;
}

void intensity_close(intensity_t *intensity) {
  free(intensity->times);
  *intensity = (intensity_t){0};
}
