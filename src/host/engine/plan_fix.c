/* Objects on the heap that point back to the variable that holds them: the one thing a plan writes outside the images. */
#include <string.h>

#include "plan_parts.h"

typedef struct fix {
  const plan_t *plan;
  const plan_images_t *images;
  bool backwards;
} fix_t;

/* More buckets than memory holds are no hash table. */
#define MOST_WORDS ((uint64_t)1 << 32)

static bool is_in_old(const fix_t *fix, uintptr_t word) {
  return word >= fix->images->old_base && word - fix->images->old_base < fix->plan->header.old_size;
}

/* Going backwards, only a word that still holds what was written there is changed. */
static void fix_word(const fix_t *fix, uintptr_t place, uintptr_t old_word) {
  uintptr_t target;
  uintptr_t now;
  if (!is_in_old(fix, old_word)) return;
  if (plan_address(fix->plan, fix->images, 0, old_word, &target) != TARGET_MAPPED) return;
  memcpy(&now, (const void *)place, sizeof now);
  if (fix->backwards && now == target) memcpy((void *)place, &old_word, sizeof old_word);
  else if (!fix->backwards && now == old_word) memcpy((void *)place, &target, sizeof target);
}

static uintptr_t old_word_at(const fix_t *fix, uint64_t address) {
  uintptr_t word;
  memcpy(&word, (const void *)(fix->images->old_base + fix->images->old_shift + (uintptr_t)address), sizeof word);
  return word;
}

/* The tables of one image are no addresses in the other, so that the object itself tells which of both it has. */
static void fix_vtable(const fix_t *fix, uintptr_t place) {
  uintptr_t table;
  memcpy(&table, (const void *)place, sizeof table);
  const plan_images_t *images = fix->images;
  for (uint32_t n = 0; fix->backwards && n < fix->plan->header.functions; n++) {
    const plan_function_t *one = &fix->plan->functions[n];
    if (one->to == 0 || images->new_base + (uintptr_t)one->to != table) continue;
    table = images->old_base + (uintptr_t)one->from;
    memcpy((void *)place, &table, sizeof table);
    return;
  }
  if (fix->backwards || !is_in_old(fix, table)) return;
  const plan_function_t *one = plan_function_at(fix->plan, table - images->old_base);
  if (one == NULL || one->to == 0) return;
  table = images->new_base + (uintptr_t)one->to;
  memcpy((void *)place, &table, sizeof table);
}

static void fix_operation(const fix_t *fix, const plan_operation_t *one, uint64_t shift) {
  uintptr_t block = old_word_at(fix, one->from + shift);
  if (block == 0 || is_in_old(fix, block)) return;
  if (one->code == PLAN_FIX_VPTR) {
    fix_vtable(fix, block + (uintptr_t)one->a);
    return;
  }
  uintptr_t header = fix->images->old_base + (uintptr_t)(one->b + shift);
  if (one->code == PLAN_FIX) {
    fix_word(fix, block + (uintptr_t)one->a, header);
    return;
  }
  uint64_t count = old_word_at(fix, one->a + shift);
  for (uint64_t n = 0; n < count && count < MOST_WORDS; n++) fix_word(fix, block + n * sizeof block, header);
}

static bool fixes(const plan_operation_t *one) {
  return one->code == PLAN_FIX || one->code == PLAN_FIX_ARRAY || one->code == PLAN_FIX_VPTR;
}

/* Hardly any loop does, and going through the others would cost a pause nearly as long as the transfer itself. */
static bool body_fixes(const plan_operation_t *one) {
  for (uint32_t n = 1; n <= one->body; n++) {
    if (fixes(&one[n])) return true;
  }
  return false;
}

static void fix_operations(const fix_t *fix, const plan_operation_t *first, uint32_t count, uint64_t shift) {
  for (uint32_t n = 0; n < count; n++) {
    const plan_operation_t *one = &first[n];
    if (fixes(one)) fix_operation(fix, one, shift);
    uint64_t rounds = !body_fixes(one) ? 0 : one->code == PLAN_LOOP ? one->count : 1;
    for (uint64_t round = 0; round < rounds; round++) {
      fix_operations(fix, one + 1, one->body, shift + (one->code == PLAN_LOOP ? round * one->a : 0));
    }
    n += one->body;
  }
}

void plan_fix(const plan_t *plan, const plan_images_t *images, bool backwards) {
  fix_t fix = {.plan = plan, .images = images, .backwards = backwards};
  fix_operations(&fix, plan->operations, plan->header.operations, 0);
}
