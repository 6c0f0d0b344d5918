#include "output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hotmod_engine.h"
#include "platform.h"

#define OPENING "\033]hotmod;"
#define CLOSING "\a"
#define BUFFER_BYTES 65536

static bool is_open;
static char stdout_buffer[BUFFER_BYTES];
static char stderr_buffer[BUFFER_BYTES];

/* The marker of the call that runs on this thread. */
static _Thread_local char marker[sizeof OPENING + HOT_NAME_MAX];
static _Thread_local size_t marker_length;

void output_open(void) {
  if (is_open) return;
  fflush(stdout);
  fflush(stderr);
  setvbuf(stdout, stdout_buffer, _IOFBF, sizeof stdout_buffer);
  setvbuf(stderr, stderr_buffer, _IOFBF, sizeof stderr_buffer);
  is_open = true;
}

/* The stream stays locked between the look and the act, so that no text of another thread can be lost in between. */
static void enter_stream(FILE *stream) {
  flockfile(stream);
  if (platform_pending(stream) > 0) fflush(stream);
  fwrite(marker, 1, marker_length, stream);
  funlockfile(stream);
}

/* The bytes are compared too: a module that flushed may have left a text of just the marker's length behind. */
static void leave_stream(FILE *stream, const char *buffer) {
  flockfile(stream);
  if (platform_pending(stream) == marker_length && memcmp(buffer, marker, marker_length) == 0) {
    platform_purge(stream);
  } else {
    fwrite(OPENING CLOSING, 1, sizeof(OPENING CLOSING) - 1, stream);
    fflush(stream);
  }
  funlockfile(stream);
}

void output_enter(const char *module) {
  if (!is_open) return;
  size_t name = strlen(module);
  memcpy(marker, OPENING, sizeof OPENING - 1);
  memcpy(marker + sizeof OPENING - 1, module, name);
  marker[sizeof OPENING - 1 + name] = CLOSING[0];
  marker_length = sizeof OPENING + name;
  enter_stream(stdout);
  enter_stream(stderr);
}

void output_leave(void) {
  if (!is_open) return;
  leave_stream(stdout, stdout_buffer);
  leave_stream(stderr, stderr_buffer);
}

void output_flush(void) {
  if (!is_open) return;
  if (platform_pending(stdout) > 0) fflush(stdout);
  if (platform_pending(stderr) > 0) fflush(stderr);
}
