/*
 * copies-driver: takes and gives back memory for frame copies at random, and says what did not come out as it should: a
 * place that is not zero, not aligned, or written by somebody else. Ends with 1 at the first of them.
 *
 *   copies-driver ROUNDS SEED
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"

#define HELD 200

typedef struct held {
  unsigned char *bytes;
  size_t size;
  unsigned char mark;
} held_t;

static held_t held[HELD];

static int fail(const char *what) {
  puts(what);
  return 1;
}

static int is_all(const held_t *one, unsigned char value) {
  for (size_t n = 0; n < one->size; n++) {
    if (one->bytes[n] != value) return 0;
  }
  return 1;
}

/* Mostly small modules, now and then a megabyte. */
static size_t random_size(void) { return rand() % 50 == 0 ? 900000 + (size_t)(rand() % 400000) : 1 + (size_t)(rand() % 5000); }

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int rounds = atoi(arguments[1]);
  srand((unsigned)atoi(arguments[2]));
  for (int round = 0; round < rounds; round++) {
    held_t *one = &held[rand() % HELD];
    if (one->bytes != NULL) {
      if (!is_all(one, one->mark)) return fail("a copy was written over");
      copies_give_back(one->bytes);
      one->bytes = NULL;
      continue;
    }
    one->size = random_size();
    one->bytes = copies_take(one->size);
    one->mark = (unsigned char)(1 + rand() % 255);
    if (one->bytes == NULL) return fail("there was no memory");
    if ((uintptr_t)one->bytes % 16 != 0) return fail("a copy was not aligned");
    if (!is_all(one, 0)) return fail("a copy was not zero");
    memset(one->bytes, one->mark, one->size);
  }
  for (size_t n = 0; n < HELD; n++) copies_give_back(held[n].bytes);
  /* Side by side, in the order in which they were asked for. */
  unsigned char *first = copies_take(24);
  unsigned char *second = copies_take(24);
  if (second != first + 32) return fail("two small copies do not lie side by side");
  copies_give_back(first);
  if (copies_take(32) != first) return fail("a place that was given back was not taken again");
  if (copies_take(0) != NULL || copies_take(SIZE_MAX) != NULL) return fail("memory of no size was given");
  puts("sound");
  return 0;
}
