/* Where the pointers of the old image lead in the new one. */
#include "plan_parts.h"

const plan_function_t *plan_function_at(const plan_t *plan, uint64_t at) {
  uint32_t low = 0;
  uint32_t high = plan->header.functions;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (plan->functions[middle].from < at) low = middle + 1;
    else high = middle;
  }
  return low < plan->header.functions && plan->functions[low].from == at ? &plan->functions[low] : NULL;
}

/* Number of the round of a piece in which `at` lies in it, `end` counted as inside where asked; -1 where it does not. */
static int64_t round_of(const plan_piece_t *piece, uint64_t at, bool with_end) {
  if (at < piece->from) return -1;
  uint64_t round = piece->count > 1 ? (at - piece->from) / piece->from_stride : 0;
  if (round >= piece->count) round = piece->count - 1;
  uint64_t offset = at - piece->from - round * piece->from_stride;
  return offset < piece->length || (with_end && offset == piece->length) ? (int64_t)round : -1;
}

static uint64_t mapped(const plan_piece_t *piece, int64_t round, uint64_t at) {
  uint64_t start = piece->from + (uint64_t)round * piece->from_stride;
  return piece->to + (uint64_t)round * piece->to_stride + (at - start);
}

static bool is_start(const plan_piece_t *start, uint32_t type, uint64_t at) {
  return (type == 0 || start->type == type) && round_of(start, at, true) >= 0;
}

/* Place in start_order of the first start that is not strided and does not lie before an address. */
static uint32_t first_start_at(const plan_t *plan, uint64_t at) {
  uint32_t low = plan->strided_starts;
  uint32_t high = plan->header.starts;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (plan->starts[plan->start_order[middle]].from < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* The first in the plan's order, in which outer objects come before inner ones. */
static bool find_start(const plan_t *plan, uint32_t type, uint64_t at, uint64_t *to) {
  uint32_t best = UINT32_MAX;
  for (uint32_t n = first_start_at(plan, at); n < plan->header.starts && best == UINT32_MAX; n++) {
    uint32_t number = plan->start_order[n];
    if (plan->starts[number].from != at) break;
    if (is_start(&plan->starts[number], type, at)) best = number;
  }
  for (uint32_t n = 0; n < plan->strided_starts && plan->start_order[n] < best; n++) {
    if (is_start(&plan->starts[plan->start_order[n]], type, at)) best = plan->start_order[n];
  }
  if (best == UINT32_MAX) return false;
  *to = mapped(&plan->starts[best], round_of(&plan->starts[best], at, true), at);
  return true;
}

/* The piece that holds the address, and the one that ends there; NULL where there is none. */
typedef struct neighbours {
  const plan_piece_t *inside;
  const plan_piece_t *ending;
} neighbours_t;

static void consider(neighbours_t *found, const plan_piece_t *piece, uint64_t at) {
  int64_t round = round_of(piece, at, false);
  if (round >= 0) found->inside = piece;
  else if (round_of(piece, at, true) >= 0) found->ending = piece;
  /* The end of one round of a strided piece is the start of the next where its stride is its length. */
  if (round > 0 && piece->length == piece->from_stride && at == piece->from + (uint64_t)round * piece->from_stride) {
    found->ending = NULL;
  }
}

static neighbours_t find_pieces(const plan_t *plan, uint64_t at) {
  neighbours_t found = {0};
  uint32_t low = plan->header.strided;
  uint32_t high = plan->header.pieces;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (plan->pieces[middle].from <= at) low = middle + 1;
    else high = middle;
  }
  if (low > plan->header.strided + 1) consider(&found, &plan->pieces[low - 2], at);
  if (low > plan->header.strided) consider(&found, &plan->pieces[low - 1], at);
  for (uint32_t n = 0; n < plan->header.strided; n++) consider(&found, &plan->pieces[n], at);
  return found;
}

static uint64_t end_of(const plan_piece_t *piece, uint64_t at) { return mapped(piece, round_of(piece, at, true), at); }

/*
 * One past the end of an array is also the start of what lies behind it. A pointer of the class of the array's elements
 * that is no pointer to what begins there is the former; where it may be both, and that makes a difference, nobody knows.
 */
static plan_target_t find_place(const plan_t *plan, uint32_t type, uint64_t at, uint64_t *to) {
  neighbours_t found = find_pieces(plan, at);
  bool is_end = found.ending != NULL && found.ending->element != 0 && found.ending->element == type;
  if (found.inside != NULL) {
    *to = mapped(found.inside, round_of(found.inside, at, false), at);
    if (!is_end || end_of(found.ending, at) == *to) return TARGET_MAPPED;
    bool begins = at == found.inside->from && (found.inside->type == type || found.inside->element == type);
    if (begins) return TARGET_NOWHERE;
    *to = end_of(found.ending, at);
    return TARGET_MAPPED;
  }
  /* What only ends there is another object: the one that was pointed to is gone. */
  if (!is_end) return TARGET_NOWHERE;
  *to = end_of(found.ending, at);
  return TARGET_MAPPED;
}

/*
 * Just behind the image another library or the heap may begin: only a pointer that goes with the elements of the array
 * that ends there is one past its end.
 */
static bool find_end(const plan_t *plan, uint32_t type, uint64_t at, uint64_t *to) {
  neighbours_t found = find_pieces(plan, at);
  if (found.ending == NULL || found.ending->element == 0 || found.ending->element != type) return false;
  *to = end_of(found.ending, at);
  return true;
}

static bool is_constant(const plan_t *plan, uint64_t at) {
  for (uint32_t n = 0; n < plan->header.constants; n++) {
    const plan_constant_t *constant = &plan->constants[n];
    if (at >= constant->from && at - constant->from < constant->length) return true;
  }
  return false;
}

bool plan_past_address(const plan_past_t *past, uintptr_t word, uintptr_t *to) {
  for (size_t n = 0; n < past->move_count; n++) {
    const plan_move_t *move = &past->moves[n];
    if (word < move->start || word >= move->end) continue;
    *to = move->to + (word - move->start);
    return true;
  }
  return false;
}

bool plan_past_may_point(const plan_past_t *past, uintptr_t word) {
  for (size_t n = 0; n < 2; n++) {
    if (word >= past->memory[n].low && word < past->memory[n].high) return true;
  }
  return false;
}

plan_target_t plan_address(const plan_t *plan, const plan_images_t *images, uint32_t type, uintptr_t word,
                           uintptr_t *to) {
  *to = word;
  if (images->same && word - images->old_base < plan->header.old_size) {
    *to = images->new_base + (word - images->old_base);
    return TARGET_MAPPED;
  }
  if (word < images->old_base || word - images->old_base > plan->header.old_size) return TARGET_OUTSIDE;
  uint64_t at = word - images->old_base;
  uint64_t found = 0;
  if (at == plan->header.old_size) {
    if (!find_end(plan, type, at, &found)) return TARGET_OUTSIDE;
    *to = images->new_base + (uintptr_t)found;
    return TARGET_MAPPED;
  }
  const plan_function_t *function = plan_function_at(plan, at);
  if (function != NULL) {
    if (function->to == 0) return TARGET_NOWHERE;
    *to = images->new_base + (uintptr_t)function->to;
    return TARGET_MAPPED;
  }
  if (find_start(plan, type, at, &found) || find_place(plan, type, at, &found) == TARGET_MAPPED) {
    *to = images->new_base + (uintptr_t)found;
    return TARGET_MAPPED;
  }
  return is_constant(plan, at) ? TARGET_CONSTANT : TARGET_NOWHERE;
}

bool plan_find(const plan_t *plan, const plan_images_t *images, uintptr_t word, uintptr_t *to) {
  return plan_address(plan, images, 0, word, to) == TARGET_MAPPED;
}
