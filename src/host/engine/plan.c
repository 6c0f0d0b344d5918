#include <stdlib.h>
#include <string.h>

#include "plan_parts.h"

static bool is_whole(const plan_t *plan, size_t size);
static bool is_sound(const plan_t *plan);
static bool order_starts(plan_t *plan);

static uint64_t size_of_parts(const plan_header_t *header) {
  return sizeof *header + (uint64_t)header->operations * sizeof(plan_operation_t) +
         ((uint64_t)header->pieces + header->starts) * sizeof(plan_piece_t) +
         (uint64_t)header->functions * sizeof(plan_function_t) +
         (uint64_t)header->constants * sizeof(plan_constant_t) + (uint64_t)header->values * sizeof(plan_value_t);
}

plan_t *plan_read(const void *bytes, size_t size) {
  plan_t *plan = calloc(1, sizeof *plan);
  if (plan == NULL || size < sizeof plan->header) {
    free(plan);
    return NULL;
  }
  memcpy(&plan->header, bytes, sizeof plan->header);
  plan->bytes = is_whole(plan, size) ? malloc(size) : NULL;
  if (plan->bytes == NULL) {
    free(plan);
    return NULL;
  }
  memcpy(plan->bytes, bytes, size);
  /* Every part is a multiple of eight bytes, and malloc aligns for the largest of them. */
  plan->operations = (const void *)(plan->bytes + sizeof plan->header);
  plan->pieces = (const void *)(plan->operations + plan->header.operations);
  plan->starts = plan->pieces + plan->header.pieces;
  plan->functions = (const void *)(plan->starts + plan->header.starts);
  plan->constants = (const void *)(plan->functions + plan->header.functions);
  plan->values = (const void *)(plan->constants + plan->header.constants);
  if (is_sound(plan) && order_starts(plan)) return plan;
  plan_free(plan);
  return NULL;
}

void plan_free(plan_t *plan) {
  if (plan == NULL) return;
  free(plan->start_order);
  free(plan->bytes);
  free(plan);
}

size_t plan_check_count(const plan_t *plan) { return plan->header.checks; }

uint64_t plan_old_size(const plan_t *plan) { return plan->header.old_size; }

uint64_t plan_first_constant(const plan_t *plan) {
  uint64_t first = UINT64_MAX;
  for (uint32_t n = 0; n < plan->header.constants; n++) {
    if (plan->constants[n].from < first) first = plan->constants[n].from;
  }
  return first;
}

/* More checks than operations nobody makes; the list of findings is as long. */
static bool is_whole(const plan_t *plan, size_t size) {
  const plan_header_t *header = &plan->header;
  return header->magic == PLAN_MAGIC && header->version == PLAN_VERSION && size_of_parts(header) == size &&
         header->strided <= header->pieces && header->checks <= 2 * (uint64_t)header->operations;
}

/* No address of a process has more bits, so that no sum of two products below overflows. */
#define ADDRESS_LIMIT ((uint64_t)1 << 47)

static bool are_pieces_sound(const plan_piece_t *pieces, uint32_t count) {
  for (uint32_t n = 0; n < count; n++) {
    const plan_piece_t *piece = &pieces[n];
    if (piece->count == 0 || piece->count > ADDRESS_LIMIT || piece->length > ADDRESS_LIMIT) return false;
    if (piece->from > ADDRESS_LIMIT || piece->to > ADDRESS_LIMIT || piece->from_stride > ADDRESS_LIMIT) return false;
    if (piece->to_stride > ADDRESS_LIMIT || (piece->count > 1 && piece->from_stride == 0)) return false;
  }
  return true;
}

/* What is searched by bisection must be sorted. */
static bool are_tables_sorted(const plan_t *plan) {
  const plan_header_t *header = &plan->header;
  for (uint32_t n = header->strided + 1; n < header->pieces; n++) {
    if (plan->pieces[n].from < plan->pieces[n - 1].from) return false;
  }
  for (uint32_t n = 1; n < header->functions; n++) {
    if (plan->functions[n].from < plan->functions[n - 1].from) return false;
  }
  return true;
}

static bool is_kind_sound(uint64_t kind) {
  uint64_t width = kind >> 4 & 0xff;
  uint64_t first_bit = kind >> 12 & 0xff;
  switch (kind & 0xf) {
    case PLAN_SIGNED:
    case PLAN_UNSIGNED:
    case PLAN_BOOLEAN:
      return kind >> 20 == 0 && width > 0 && width <= 64;
    case PLAN_FLOAT:
      return kind >> 20 == 0 && first_bit == 0 && (width == 32 || width == 64 || width == 80 || width == 128);
    default:
      return false;
  }
}

/* Enumerations are integers. */
static bool are_kinds_sound(const plan_operation_t *one) {
  if (one->code != PLAN_CONVERT && one->code != PLAN_ENUM) return true;
  bool is_whole_number = (one->a & 0xf) != PLAN_FLOAT && (one->b & 0xf) != PLAN_FLOAT;
  return is_kind_sound(one->a) && is_kind_sound(one->b) && (one->code == PLAN_CONVERT || is_whole_number);
}

#define DEEPEST 16

static bool are_operations_sound(const plan_t *plan, uint32_t first, uint32_t count, int depth) {
  if (depth > DEEPEST) return false;
  for (uint32_t n = 0; n < count; n++) {
    const plan_operation_t *one = &plan->operations[first + n];
    bool nests = one->code == PLAN_LOOP || one->code == PLAN_UNLESS_INITIAL;
    if (one->code < PLAN_COPY || one->code > PLAN_STRAY) return false;
    if (one->code == PLAN_UNLESS_INITIAL && one->a > ADDRESS_LIMIT) return false;
    if (one->check != PLAN_NO_CHECK && one->check >= plan->header.checks) return false;
    if (one->body > count - n - 1 || (one->body > 0 && !nests)) return false;
    if (one->from > ADDRESS_LIMIT || one->to > ADDRESS_LIMIT || one->count > ADDRESS_LIMIT) return false;
    if (one->code == PLAN_LOOP && (one->a > ADDRESS_LIMIT || one->b > ADDRESS_LIMIT)) return false;
    if (!are_kinds_sound(one)) return false;
    if (one->code == PLAN_ENUM && (uint64_t)one->type + one->count > plan->header.values) return false;
    if (!are_operations_sound(plan, first + n + 1, one->body, depth + 1)) return false;
    n += one->body;
  }
  return true;
}

static bool is_sound(const plan_t *plan) {
  return are_pieces_sound(plan->pieces, plan->header.pieces) && are_pieces_sound(plan->starts, plan->header.starts) &&
         are_tables_sorted(plan) && are_operations_sound(plan, 0, plan->header.operations, 0);
}

typedef struct start_place {
  uint64_t from;
  uint32_t number;
} start_place_t;

static int compare_places(const void *first, const void *second) {
  const start_place_t *a = first;
  const start_place_t *b = second;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

/* Of the starts at one address the first counts, so that they cannot be sorted where they stand. */
static bool order_starts(plan_t *plan) {
  uint32_t count = plan->header.starts;
  start_place_t *places = malloc(((size_t)count + 1) * sizeof *places);
  plan->start_order = malloc(((size_t)count + 1) * sizeof *plan->start_order);
  bool room = places != NULL && plan->start_order != NULL;
  uint32_t single = 0;
  for (uint32_t n = 0; room && n < count; n++) {
    if (plan->starts[n].count > 1) plan->start_order[plan->strided_starts++] = n;
    else places[single++] = (start_place_t){plan->starts[n].from, n};
  }
  if (room) qsort(places, single, sizeof *places, compare_places);
  for (uint32_t n = 0; room && n < single; n++) plan->start_order[plan->strided_starts + n] = places[n].number;
  free(places);
  return room;
}

/* Bytes that one operation reads and writes from its addresses on. */
static void reach_of(const plan_operation_t *one, uint64_t *reads, uint64_t *writes) {
  uint64_t from_bits = ((one->a >> 12) & 0xff) + ((one->a >> 4) & 0xff);
  uint64_t to_bits = ((one->b >> 12) & 0xff) + ((one->b >> 4) & 0xff);
  *reads = 0;
  *writes = 0;
  switch (one->code) {
    case PLAN_COPY:
      *reads = *writes = one->count;
      break;
    case PLAN_CONVERT:
    case PLAN_ENUM:
      *reads = (from_bits + 7) / 8;
      *writes = (to_bits + 7) / 8;
      break;
    case PLAN_POINTER:
    case PLAN_WORDS:
      *reads = *writes = one->count * sizeof(uintptr_t);
      break;
    case PLAN_OUTSIDE:
    case PLAN_STRAY:
      *reads = one->count * sizeof(uintptr_t);
      break;
    case PLAN_UNLESS_INITIAL:
      *reads = one->count;
      *writes = one->a;
      break;
    case PLAN_MUST_BE_ZERO:
      *reads = one->count;
      break;
    case PLAN_FIX:
    case PLAN_FIX_ARRAY:
    case PLAN_FIX_VPTR:
      *reads = sizeof(uintptr_t);
      break;
    default:
      break;
  }
}

/* The loops around a list of operations move its addresses by up to `from_shift` and `to_shift`. */
static bool fit(const plan_t *plan, uint32_t first, uint32_t count, uint64_t from_shift, uint64_t to_shift,
                uint64_t old_size, uint64_t new_size) {
  for (uint32_t n = 0; n < count; n++) {
    const plan_operation_t *one = &plan->operations[first + n];
    uint64_t reads, writes;
    reach_of(one, &reads, &writes);
    if (reads > 0 && one->from + from_shift + reads > old_size) return false;
    if (writes > 0 && one->to + to_shift + writes > new_size) return false;
    if (one->code == PLAN_FIX_ARRAY && one->a + from_shift + sizeof(uintptr_t) > old_size) return false;
    uint64_t rounds = one->code == PLAN_LOOP ? one->count : 1;
    if (rounds > 0 && one->body > 0) {
      bool loops = one->code == PLAN_LOOP;
      if (loops && one->a > 0 && rounds - 1 > ADDRESS_LIMIT / one->a) return false;
      if (loops && one->b > 0 && rounds - 1 > ADDRESS_LIMIT / one->b) return false;
      uint64_t from_more = loops ? (rounds - 1) * one->a : 0;
      uint64_t to_more = loops ? (rounds - 1) * one->b : 0;
      if (from_shift + from_more > ADDRESS_LIMIT || to_shift + to_more > ADDRESS_LIMIT) return false;
      if (!fit(plan, first + n + 1, one->body, from_shift + from_more, to_shift + to_more, old_size, new_size)) {
        return false;
      }
    }
    n += one->body;
  }
  return true;
}

/*
 * Words that a list of operations goes through, at most `most` + 1. Loops inside loops over the same bytes multiply, and
 * a plan that never comes to an end would stop the program as surely as one that crashes it.
 */
static uint64_t work_of(const plan_t *plan, uint32_t first, uint32_t count, uint64_t most) {
  uint64_t work = 0;
  for (uint32_t n = 0; n < count && work <= most; n++) {
    const plan_operation_t *one = &plan->operations[first + n];
    uint64_t reads, writes;
    reach_of(one, &reads, &writes);
    uint64_t body = one->body > 0 ? work_of(plan, first + n + 1, one->body, most) : 0;
    uint64_t rounds = one->code == PLAN_LOOP ? one->count : 1;
    uint64_t each = 1 + (reads + writes) / sizeof(uint64_t) + body;
    work += rounds > most / each ? most + 1 : rounds * each;
    n += one->body;
  }
  return work <= most ? work : most + 1;
}

/* Bit-fields: eight operations a byte, and no byte is looked at by more than a few of a kind. */
#define WORK_PER_BYTE 64

bool plan_fits(const plan_t *plan, uint64_t old_size, uint64_t new_size) {
  if (old_size > ADDRESS_LIMIT || new_size > ADDRESS_LIMIT) return false;
  uint64_t most = WORK_PER_BYTE * (old_size + new_size + plan->header.operations);
  return work_of(plan, 0, plan->header.operations, most) <= most &&
         fit(plan, 0, plan->header.operations, 0, 0, old_size, new_size);
}
