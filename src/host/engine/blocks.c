#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
#define KEPT_BYTES (1u << 20)

typedef struct block {
  struct block *next; /* younger */
  void *bytes;
  size_t size;
} block_t;

static block_t *oldest;
static block_t **end = &oldest;
static size_t total;

void *block_copy(const void *bytes, size_t size) {
  block_t *block = malloc(sizeof *block);
  size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  void *copy = block == NULL ? NULL : aligned_alloc(ALIGNMENT, rounded);
  if (copy == NULL) {
    free(block);
    return NULL;
  }
  if (size > 0) memcpy(copy, bytes, size);
  memset((char *)copy + size, 0, rounded - size);
  *block = (block_t){.bytes = copy, .size = rounded};
  *end = block;
  end = &block->next;
  total += rounded;
  return copy;
}

void blocks_trim(void) {
  while (oldest != NULL && total > KEPT_BYTES) {
    block_t *gone = oldest;
    oldest = gone->next;
    if (oldest == NULL) end = &oldest;
    total -= gone->size;
    free(gone->bytes);
    free(gone);
  }
}
