/*
 * The messages between the conductor and a warm tool, over the tool's stdin and stdout. Each is a frame:
 *
 *   u32 length of what follows, u32 kind, u32 id of the job, body
 *
 * Numbers are in the machine's own byte order: both ends are on one machine. The other end is frames.ts.
 */
#ifndef HOTMOD_WARM_FRAME_H
#define HOTMOD_WARM_FRAME_H

#include <stddef.h>
#include <stdint.h>

/** Requests. RUN has u32 argc, u32 envc, then cwd, argv and environment as strings that end in 0; KILL has no body. */
enum { FRAME_RUN = 1, FRAME_KILL = 2 };
/**
 * Answers. HELLO has the path of the running program; STARTED u32 process id, which is also the process group; DONE i32
 * status as of wait(2), then all that was written to stderr; FAILED i32 errno: the job could not be started.
 */
enum { FRAME_HELLO = 16, FRAME_STARTED = 17, FRAME_DONE = 18, FRAME_FAILED = 19 };

/** Bytes that grow at the end. `data` is NULL while there are none. */
struct bytes {
  char *data;
  size_t size;
  size_t capacity;
};

/** Makes room for `more` further bytes and answers where they go; NULL without memory. Does not count them as there. */
char *bytes_room(struct bytes *bytes, size_t more);

/** A request as it came. `body` is not a copy. */
struct frame {
  uint32_t kind;
  uint32_t id;
  const char *body;
  size_t size;
};

/**
 * Looks for a whole frame at `*at` and moves `*at` behind it. Answers 1, or 0 where more bytes must come first, or -1 for
 * what can be no frame.
 */
int frame_next(const struct bytes *bytes, size_t *at, struct frame *frame);

/** Writes a frame whole: `head` and `rest` (either may be empty) are its body. Answers 0, or -1 where nobody reads. */
int frame_send(int fd, uint32_t kind, uint32_t id, const void *head, size_t head_size, const struct bytes *rest);

#endif
