/* plan_parts.h: what the files of the plan share. The public side is plan.h. */
#ifndef HOTMOD_PLAN_PARTS_H
#define HOTMOD_PLAN_PARTS_H

#include "plan.h"

struct plan {
  unsigned char *bytes;
  plan_header_t header;
  const plan_operation_t *operations;
  const plan_piece_t *pieces; /* the strided ones first */
  const plan_piece_t *starts;
  uint32_t *start_order; /* numbers of the starts: first the strided ones as they stand, then the others sorted by `from` */
  uint32_t strided_starts;
  const plan_function_t *functions;
  const plan_constant_t *constants;
  const plan_value_t *values;
};

/* What became of an address of the old image. */
typedef enum plan_target { TARGET_OUTSIDE, TARGET_MAPPED, TARGET_CONSTANT, TARGET_NOWHERE } plan_target_t;

/*
 * Where a pointer of class `type` that holds `word` leads in the new image. *to is set for TARGET_MAPPED, and is the word
 * itself for TARGET_OUTSIDE and TARGET_CONSTANT.
 */
plan_target_t plan_address(const plan_t *plan, const plan_images_t *images, uint32_t type, uintptr_t word,
                           uintptr_t *to);

/* Where an address of the process that has ended lies now; false where nothing knows. */
bool plan_past_address(const plan_past_t *past, uintptr_t word, uintptr_t *to);

/* Whether a word may have been an address there. */
bool plan_past_may_point(const plan_past_t *past, uintptr_t word);

/* The entry of the table of functions and virtual tables for exactly this old address; NULL where there is none. */
const plan_function_t *plan_function_at(const plan_t *plan, uint64_t at);

/*
 * Converts one number. `from` and `to` point to its first byte; `write` false only looks. False where the value does not
 * fit; *value is then its bits, widened to 64 (a floating-point number as a double).
 */
bool plan_convert(uint64_t from_kind, uint64_t to_kind, const unsigned char *from, unsigned char *to, bool write,
                  uint64_t *value);

/* Reads an integer of a kind, sign-extended where the kind is signed. */
int64_t plan_read_integer(uint64_t kind, const unsigned char *from);

/* Writes the low bits of an integer, leaving what is around a bit-field. */
void plan_write_integer(uint64_t kind, unsigned char *to, int64_t value);

#endif
