#include "output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hotmod_engine.h"
#include "platform.h"

#define OPENING "\033]hotmod;"
#define CLOSING "\a"
#define BUFFER_BYTES 65536

/*
 * All markers have one length, so that within a frame one can be laid over the last: in front of the marker proper
 * stands one whose name is a filler, as long as the real name is short.
 */
#define OPENING_BYTES (sizeof OPENING - 1)
#define BETWEEN CLOSING OPENING
#define BETWEEN_BYTES (sizeof(BETWEEN) - 1)
#define NAMES_BYTES (HOT_NAME_MAX - 1 + BETWEEN_BYTES + 1)
#define MARKER_BYTES (OPENING_BYTES + NAMES_BYTES)

typedef struct channel {
  status_lane_name_t owner; /* of the last marker; with the stream locked */
  char buffer[BUFFER_BYTES];
} channel_t;

static bool is_open;
/* For the engine's thread alone: whether a frame runs, and whether a call of it is still to be left. */
static bool in_frame;
static bool left_open;
static channel_t out;
static channel_t err;

void output_open(void) {
  if (is_open) return;
  fflush(stdout);
  fflush(stderr);
  setvbuf(stdout, out.buffer, _IOFBF, sizeof out.buffer);
  setvbuf(stderr, err.buffer, _IOFBF, sizeof err.buffer);
  is_open = true;
}

static void put_names(char *to, const char *module) {
  size_t length = strlen(module);
  size_t filler = HOT_NAME_MAX - 1 - length;
  memset(to, '-', filler);
  memcpy(to + filler, BETWEEN, BETWEEN_BYTES);
  memcpy(to + filler + BETWEEN_BYTES, module, length);
  to[NAMES_BYTES - 1] = CLOSING[0];
}

/* The first bytes are compared too: a module that flushed may have left a text of just a marker's length behind. */
static bool is_untouched(FILE *stream, const channel_t *channel, status_lane_name_t lane) {
  return channel->owner == lane && platform_pending(stream) == MARKER_BYTES &&
         memcmp(channel->buffer, OPENING, OPENING_BYTES) == 0;
}

static void close_text(FILE *stream) {
  fwrite(OPENING CLOSING, 1, sizeof(OPENING CLOSING) - 1, stream);
  fflush(stream);
}

/* The stream stays locked between the look and the act, so that no text of another thread can be lost in between. */
static void enter_stream(FILE *stream, channel_t *channel, status_lane_name_t lane, const char *module, bool follows) {
  flockfile(stream);
  if (follows && is_untouched(stream, channel, lane)) {
    put_names(channel->buffer + OPENING_BYTES, module);
  } else {
    char marker[MARKER_BYTES];
    memcpy(marker, OPENING, OPENING_BYTES);
    put_names(marker + OPENING_BYTES, module);
    if (follows && channel->owner == lane) {
      close_text(stream);
    } else if (platform_pending(stream) > 0) {
      fflush(stream);
    }
    fwrite(marker, 1, sizeof marker, stream);
    channel->owner = lane;
  }
  funlockfile(stream);
}

static void leave_stream(FILE *stream, const channel_t *channel, status_lane_name_t lane) {
  flockfile(stream);
  if (is_untouched(stream, channel, lane)) {
    platform_purge(stream);
  } else {
    close_text(stream);
  }
  funlockfile(stream);
}

void output_enter(status_lane_name_t lane, const char *module) {
  if (!is_open) return;
  bool follows = lane == LANE_ENGINE && left_open;
  enter_stream(stdout, &out, lane, module, follows);
  enter_stream(stderr, &err, lane, module, follows);
  if (lane == LANE_ENGINE) left_open = in_frame;
}

void output_leave_now(status_lane_name_t lane) {
  if (!is_open) return;
  leave_stream(stdout, &out, lane);
  leave_stream(stderr, &err, lane);
}

void output_leave(status_lane_name_t lane) {
  if (lane != LANE_ENGINE || !in_frame) output_leave_now(lane);
}

void output_begin_frame(void) { in_frame = true; }

void output_end_frame(void) {
  in_frame = false;
  if (left_open) output_leave_now(LANE_ENGINE);
  left_open = false;
}

void output_flush(void) {
  if (!is_open) return;
  if (platform_pending(stdout) > 0) fflush(stdout);
  if (platform_pending(stderr) > 0) fflush(stderr);
}
