/* The kernel in plain C; see weather_kernel.h. */
#include "weather_kernel.h"

void weather_smooth_row_reference(int32_t *out, const int32_t *above, const int32_t *row, const int32_t *below,
                                  size_t count) {
  for (size_t i = 0; i < count; i++) {
    /* The cell before the first is part of the contract, hence the signed index. */
    const ptrdiff_t at = (ptrdiff_t)i;
    out[i] = (4 * row[at] + row[at - 1] + row[at + 1] + above[i] + below[i] + 4) >> 3;
  }
}
