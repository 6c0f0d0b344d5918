/* weather_kernel.h: one step of smoothing a row of the sky, in assembly and in C. */
#ifndef WEATHER_KERNEL_H
#define WEATHER_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Rows are padded to a multiple of this many cells, and have one readable cell at either end. */
#define KERNEL_LANES 4

/*
 * out[i] = (4 * row[i] + row[i-1] + row[i+1] + above[i] + below[i] + 4) >> 3 for i from 0 to count - 1.
 * count: a multiple of KERNEL_LANES, may be 0. row[-1] and row[count] are read. No alignment is asked for; out may not
 * overlap the inputs. Whole numbers, so that the result is the same to the last bit on every machine.
 */
void weather_smooth_row(int32_t *out, const int32_t *above, const int32_t *row, const int32_t *below, size_t count);

/* The same in C, one cell after the other; what the assembly is checked against. */
void weather_smooth_row_reference(int32_t *out, const int32_t *above, const int32_t *row, const int32_t *below,
                                  size_t count);

#endif
