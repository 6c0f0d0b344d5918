/* Compares weather_smooth_row with its C reference over many sizes and values; prints the number of rows compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weather_kernel.h"

#define LONGEST 64

static uint32_t seed = 1;

static int32_t number(int32_t limit) {
  seed = seed * 1664525u + 1013904223u;
  return (int32_t)(seed >> 8) % limit * (seed & 1 ? 1 : -1);
}

int main(void) {
  int rows = 0;
  for (size_t count = 0; count <= LONGEST; count += KERNEL_LANES) {
    for (int32_t limit = 2; limit < 200000000; limit *= 10) {
      int32_t input[3][LONGEST + 2];
      int32_t fast[LONGEST + 1], slow[LONGEST + 1];
      for (size_t y = 0; y < 3; y++) {
        for (size_t x = 0; x < LONGEST + 2; x++) input[y][x] = number(limit);
      }
      memset(fast, 0x5a, sizeof fast);
      memset(slow, 0x5a, sizeof slow);
      weather_smooth_row(fast, input[0] + 1, input[1] + 1, input[2] + 1, count);
      weather_smooth_row_reference(slow, input[0] + 1, input[1] + 1, input[2] + 1, count);
      if (memcmp(fast, slow, sizeof fast) != 0) {
        printf("differs at count %zu, limit %d\n", count, limit);
        return 1;
      }
      rows++;
    }
  }
  printf("%d\n", rows);
  return 0;
}
