#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *bytes_room(struct bytes *bytes, size_t more) {
  if (bytes->capacity - bytes->size < more) {
    size_t wanted = bytes->size + more;
    size_t capacity = bytes->capacity * 2 > wanted ? bytes->capacity * 2 : wanted;
    char *data = realloc(bytes->data, capacity);
    if (data == NULL) return NULL;
    bytes->data = data;
    bytes->capacity = capacity;
  }
  return bytes->data + bytes->size;
}

enum { HEAD_SIZE = 12 };
/** No command line with its environment is as long (execve(2) takes 2 MB in all). */
static const uint32_t longest = 64u << 20;

int frame_next(const struct bytes *bytes, size_t *at, struct frame *frame) {
  size_t left = bytes->size - *at;
  if (left < HEAD_SIZE) return 0;
  uint32_t head[3];
  memcpy(head, bytes->data + *at, HEAD_SIZE);
  if (head[0] < HEAD_SIZE - 4 || head[0] > longest) return -1;
  if (left - 4 < head[0]) return 0;
  frame->kind = head[1];
  frame->id = head[2];
  frame->body = bytes->data + *at + HEAD_SIZE;
  frame->size = head[0] - (HEAD_SIZE - 4);
  *at += 4 + (size_t)head[0];
  return 1;
}

static int write_all(int fd, const void *data, size_t size) {
  const char *from = data;
  while (size > 0) {
    ssize_t written = write(fd, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return -1;
    from += written;
    size -= (size_t)written;
  }
  return 0;
}

int frame_send(int fd, uint32_t kind, uint32_t id, const void *head, size_t head_size, const struct bytes *rest) {
  size_t rest_size = rest == NULL ? 0 : rest->size;
  uint32_t length = (uint32_t)(HEAD_SIZE - 4 + head_size + rest_size);
  char start[HEAD_SIZE + 4096];
  if (head_size > sizeof start - HEAD_SIZE) return -1;
  memcpy(start, &length, 4);
  memcpy(start + 4, &kind, 4);
  memcpy(start + 8, &id, 4);
  if (head_size > 0) memcpy(start + HEAD_SIZE, head, head_size);
  if (write_all(fd, start, HEAD_SIZE + head_size) != 0) return -1;
  return rest_size == 0 ? 0 : write_all(fd, rest->data, rest_size);
}
