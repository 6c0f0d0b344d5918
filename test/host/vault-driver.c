/*
 * vault-driver: says what did not come out as it should of the memory for frame copies, and ends with 1 at the first.
 *
 *   vault-driver take ROUNDS SEED [FILE]   takes and gives back at random
 *   vault-driver die TIMES SEED FILE       has a process write boundaries, ends it at any instruction, and reads what it left
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vault.h"

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

static int is_all(const unsigned char *bytes, size_t size, unsigned char value) {
  for (size_t n = 0; n < size; n++) {
    if (bytes[n] != value) return 0;
  }
  return 1;
}

/* Mostly small modules, now and then a megabyte. */
static size_t random_size(void) { return rand() % 50 == 0 ? 900000 + (size_t)(rand() % 400000) : 1 + (size_t)(rand() % 5000); }

/* Both directories anew: what was given back is free from then on. */
static void write_both(void) {
  for (uint64_t n = 0; n < 2; n++) {
    vault_list_changed();
    vault_side_t *side = vault_rewrite();
    if (side != NULL) side->count = 0;
    vault_publish(n);
  }
}

static int take(int rounds, const char *path) {
  if (path != NULL && !vault_open(path)) return fail("there is no file");
  for (int round = 0; round < rounds; round++) {
    if (round % 100 == 0) write_both();
    held_t *one = &held[rand() % HELD];
    if (one->bytes != NULL) {
      if (!is_all(one->bytes, one->size, one->mark)) return fail("a copy was written over");
      vault_give_back(one->bytes, one->size);
      one->bytes = NULL;
      continue;
    }
    one->size = random_size();
    one->bytes = vault_take(one->size);
    one->mark = (unsigned char)(1 + rand() % 255);
    if (one->bytes == NULL) return fail("there was no memory");
    if ((uintptr_t)one->bytes % 64 != 0) return fail("a copy was not aligned");
    if (!is_all(one->bytes, one->size, 0)) return fail("a copy was not zero");
    uint64_t at;
    if (!vault_place(one->bytes, &at)) return fail("a copy lies nowhere");
    memset(one->bytes, one->mark, one->size);
  }
  for (size_t n = 0; n < HELD; n++) vault_give_back(held[n].bytes, held[n].size);
  write_both();
  /* Side by side, in the order in which they were asked for. */
  unsigned char *first = vault_take(24);
  unsigned char *second = vault_take(24);
  if (second != first + 64) return fail("two small copies do not lie side by side");
  vault_give_back(first, 24);
  if (path != NULL && vault_take(24) == first) return fail("a place that another process may read was taken");
  write_both();
  if (vault_take(32) != first) return fail("a place that was given back was not taken again");
  if (vault_take(SIZE_MAX) != NULL) return fail("memory beyond all sizes was given");
  vault_close();
  puts("sound");
  return 0;
}

#define MODULES 5
#define BYTES 20000

/* Each boundary fills the copies with its own number; now and then a module gets another place. */
static void write_boundaries(const char *path) {
  if (!vault_open(path)) _exit(1);
  unsigned char *copies[MODULES];
  for (size_t n = 0; n < MODULES; n++) copies[n] = vault_take(2 * BYTES);
  for (uint64_t frame = 1;; frame++) {
    if (frame % 7 == 0) {
      size_t n = frame % MODULES;
      vault_give_back(copies[n], 2 * BYTES);
      copies[n] = vault_take(2 * BYTES);
      vault_list_changed();
    }
    unsigned number = vault_next();
    if (vault_is_old()) {
      vault_side_t *side = vault_rewrite();
      side->count = MODULES;
      for (size_t n = 0; n < MODULES; n++) {
        side->entries[n].range_count = 1;
        side->entries[n].ranges[0].size = BYTES;
        vault_place(copies[n] + number * BYTES, &side->entries[n].ranges[0].at);
      }
    }
    for (size_t n = 0; n < MODULES; n++) memset(copies[n] + number * BYTES, (int)(frame % 251), BYTES);
    vault_publish(frame);
  }
}

/* 1 for a whole boundary, 0 for none yet, -1 for one that is not whole. */
static int look(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0 || facts.st_size == 0) return 0;
  const unsigned char *bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  const vault_head_t *head = (const vault_head_t *)bytes;
  if (head->counts == 0) return 0;
  const vault_side_t *side = (const vault_side_t *)(bytes + VAULT_SIDES_AT) + (head->counts - 1);
  int whole = side->count == MODULES ? 1 : -1;
  for (size_t n = 0; whole == 1 && n < MODULES; n++) {
    const vault_range_t *range = &side->entries[n].ranges[0];
    if (!is_all(bytes + range->at, BYTES, (unsigned char)(side->frame % 251))) whole = -1;
  }
  munmap((void *)bytes, (size_t)facts.st_size);
  return whole;
}

/* So many boundaries must be found; on a busy machine most processes end before they have written one. */
static int die(int wanted, const char *path) {
  int boundaries = 0;
  for (int n = 0; n < 50 * wanted && boundaries < wanted; n++) {
    pid_t child = fork();
    if (child == 0) write_boundaries(path);
    struct timespec wait = {.tv_nsec = 2000000 + rand() % 5000000};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int found = look(path);
    unlink(path);
    if (found < 0) return fail("what was left is no whole boundary");
    boundaries += found;
  }
  printf("%d boundaries\n", boundaries);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  srand((unsigned)atoi(arguments[3]));
  const char *path = count > 4 ? arguments[4] : NULL;
  if (strcmp(arguments[1], "take") == 0) return take(atoi(arguments[2]), path);
  return path == NULL ? 2 : die(atoi(arguments[2]), path);
}
