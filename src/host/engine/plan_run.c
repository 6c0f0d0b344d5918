/* Looks at what a plan would do, and does it. */
#include <string.h>

#include "differing.h"
#include "plan_parts.h"

typedef struct run {
  const plan_t *plan;
  const plan_images_t *images;
  plan_finding_t *findings; /* NULL where nothing is counted */
  bool write;
  bool keeps_old;
} run_t;

/* Where a list of operations stands: what the loops around it add to its addresses, and the element it is at. */
typedef struct place {
  uint64_t from_shift;
  uint64_t to_shift;
  uint64_t round;
} place_t;

static void run_operations(run_t *run, const plan_operation_t *first, uint32_t count, place_t place);

static const unsigned char *old_bytes(const run_t *run, uint64_t address) {
  return (const unsigned char *)(run->images->old_base + run->images->old_shift + (uintptr_t)address);
}

static unsigned char *new_bytes(const run_t *run, uint64_t address) {
  return (unsigned char *)(run->images->new_base + (uintptr_t)address);
}

static void find(run_t *run, uint32_t check, uint64_t value, uint64_t round) {
  if (run->findings == NULL || check == PLAN_NO_CHECK) return;
  plan_finding_t *finding = &run->findings[check];
  if (finding->count++ > 0) return;
  finding->value = value;
  finding->round = round;
}

static uintptr_t read_word(const unsigned char *at) {
  uintptr_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* Most of a large array may never have been used, and zeros written to the new one would take memory for it. */
#define LARGE (1u << 15)

/* Fields are small, and a call for each would cost more than the copy. */
static void copy(unsigned char *to, const unsigned char *from, uint64_t count) {
  if (count == 8) memcpy(to, from, 8);
  else if (count == 4) memcpy(to, from, 4);
  else if (count == 16) memcpy(to, from, 16);
  else if (count < LARGE) memcpy(to, from, (size_t)count);
  else copy_differing(to, from, (size_t)count);
}

/* Nothing of a process that has ended is here but what was brought along. */
static plan_target_t look_into_past(const run_t *run, const plan_operation_t *one, plan_target_t kind, uintptr_t word,
                                    uintptr_t *target) {
  const plan_past_t *past = run->images->past;
  if (kind == TARGET_MAPPED || kind == TARGET_NOWHERE || word == 0) return kind;
  if (plan_past_address(past, word, target)) return TARGET_MAPPED;
  if (kind == TARGET_OUTSIDE && one->code == PLAN_WORDS && !plan_past_may_point(past, word)) return kind;
  return TARGET_NOWHERE;
}

static void run_pointers(run_t *run, const plan_operation_t *one, const unsigned char *from, unsigned char *to,
                         uint64_t round) {
  for (uint64_t n = 0; n < one->count; n++) {
    uintptr_t word = read_word(from + n * sizeof word);
    uintptr_t target;
    plan_target_t kind = plan_address(run->plan, run->images, one->type, word, &target);
    if (run->images->past != NULL) kind = look_into_past(run, one, kind, word, &target);
    if (kind == TARGET_NOWHERE) {
      find(run, one->check, word - run->images->old_base, one->count > 1 ? n : round);
      /* A word of a union may be a number that only looks like an address. */
      target = one->code == PLAN_WORDS ? word : 0;
    }
    if (kind == TARGET_CONSTANT || (kind == TARGET_NOWHERE && one->code == PLAN_WORDS)) run->keeps_old = true;
    if (run->write) memcpy(to + n * sizeof word, &target, sizeof target);
  }
}

static void run_outside(run_t *run, const plan_operation_t *one, const unsigned char *from, uint64_t round) {
  for (uint64_t n = 0; n < one->count; n++) {
    uintptr_t word = read_word(from + n * sizeof word);
    bool inside = word >= run->images->old_base && word - run->images->old_base < run->plan->header.old_size;
    /* The types behind it are the same, and where it leads is looked at as for any pointer. */
    if (run->images->same) inside = true;
    if (word != 0 && !inside) find(run, one->check, word, one->count > 1 ? n : round);
  }
}

static void run_stray(run_t *run, const plan_operation_t *one, const unsigned char *from, uint64_t round) {
  for (uint64_t n = 0; n < one->count; n++) {
    uintptr_t at = read_word(from + n * sizeof at) - run->images->old_base;
    if (at < run->plan->header.old_size) find(run, one->check, at, one->count > 1 ? n : round);
  }
}

static void run_enum(run_t *run, const plan_operation_t *one, const unsigned char *from, unsigned char *to,
                     uint64_t round) {
  int64_t value = plan_read_integer(one->a, from);
  int64_t result = value;
  bool known = false;
  for (uint64_t n = 0; n < one->count && !known; n++) {
    const plan_value_t *pair = &run->plan->values[one->type + n];
    known = pair->from == value;
    if (known) result = pair->to;
  }
  if (!known && (one->flags & PLAN_MUST_KNOW)) find(run, one->check, (uint64_t)value, round);
  if (run->write) plan_write_integer(one->b, to, result);
}

static bool is_zero(const unsigned char *bytes, uint64_t count) {
  return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, (size_t)count - 1) == 0);
}

typedef struct initial {
  const unsigned char *bytes;
  uint64_t first;
  size_t size;
} initial_t;

static bool is_initial(const initial_t *initial, const unsigned char *live, uint64_t address, uint64_t count) {
  bool known = initial->bytes != NULL && address >= initial->first && count <= initial->size &&
               address - initial->first <= initial->size - count;
  return known ? memcmp(live, initial->bytes + (address - initial->first), (size_t)count) == 0 : is_zero(live, count);
}

static bool is_left_alone(const run_t *run, const plan_operation_t *one, place_t place) {
  const plan_images_t *images = run->images;
  initial_t old = {images->initial, images->initial_address, images->initial_size};
  initial_t new = {images->new_initial, images->new_initial_address, images->new_initial_size};
  uint64_t from = one->from + place.from_shift;
  uint64_t to = one->to + place.to_shift;
  if (!is_initial(&old, old_bytes(run, from), from, one->count)) return false;
  return !images->ran_before || is_initial(&new, new_bytes(run, to), to, one->a);
}

static void run_loop(run_t *run, const plan_operation_t *one, place_t place) {
  for (uint64_t n = 0; n < one->count; n++) {
    place_t inner = {place.from_shift + n * one->a, place.to_shift + n * one->b, place.round * one->count + n};
    run_operations(run, one + 1, one->body, inner);
  }
}

static void run_operation(run_t *run, const plan_operation_t *one, place_t place) {
  const unsigned char *from = old_bytes(run, one->from + place.from_shift);
  unsigned char *to = new_bytes(run, one->to + place.to_shift);
  uint64_t value;
  switch ((plan_code_t)one->code) {
    case PLAN_COPY:
      if (run->write) copy(to, from, one->count);
      break;
    case PLAN_CONVERT:
      if (!plan_convert(one->a, one->b, from, to, run->write, &value)) find(run, one->check, value, place.round);
      break;
    case PLAN_LOOP:
      run_loop(run, one, place);
      break;
    case PLAN_POINTER:
    case PLAN_WORDS:
      run_pointers(run, one, from, to, place.round);
      break;
    case PLAN_ENUM:
      run_enum(run, one, from, to, place.round);
      break;
    case PLAN_MUST_BE_ZERO:
      if (!is_zero(from, one->count)) find(run, one->check, 0, place.round);
      break;
    case PLAN_UNLESS_INITIAL:
      if (is_left_alone(run, one, place)) break;
      find(run, one->check, 0, place.round);
      run_operations(run, one + 1, one->body, place);
      break;
    case PLAN_OUTSIDE:
      run_outside(run, one, from, place.round);
      break;
    case PLAN_STRAY:
      run_stray(run, one, from, place.round);
      break;
    case PLAN_FIX:
    case PLAN_FIX_ARRAY:
    case PLAN_FIX_VPTR:
      break;
  }
}

/* Most operations of most plans cannot fail, and looking for what may is then no work at all. */
static bool may_find(const plan_operation_t *one) {
  for (uint32_t n = 0; n <= one->body; n++) {
    if (one[n].check != PLAN_NO_CHECK) return true;
  }
  return false;
}

static void run_operations(run_t *run, const plan_operation_t *first, uint32_t count, place_t place) {
  for (uint32_t n = 0; n < count; n++) {
    if (run->write || may_find(&first[n])) run_operation(run, &first[n], place);
    n += first[n].body;
  }
}

void plan_check(const plan_t *plan, const plan_images_t *images, plan_finding_t *findings) {
  memset(findings, 0, plan->header.checks * sizeof *findings);
  run_t run = {.plan = plan, .images = images, .findings = findings, .write = false};
  run_operations(&run, plan->operations, plan->header.operations, (place_t){0});
}

void plan_apply(const plan_t *plan, const plan_images_t *images, bool *keeps_old) {
  run_t run = {.plan = plan, .images = images, .findings = NULL, .write = true};
  run_operations(&run, plan->operations, plan->header.operations, (place_t){0});
  *keeps_old = run.keeps_old;
}
