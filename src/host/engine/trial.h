/*
 * trial.h: runs two versions of one module side by side, each in a copy of the whole process (fork), and never in the
 * program itself.
 *
 * At one frame boundary the process is forked twice. In one copy the version that runs goes on; in the other the version
 * that waits takes its place by an ordinary commit. Both run the same number of frames from the same state, heap included,
 * at the same time, and write down how long each update took and what the module's variables were. A crash, a failure or a
 * hang ends the copy and nothing else. The copies have the engine's thread alone: threads of modules do not run in them.
 * What modules print there is dropped; files and sockets that they write to are those of the program.
 */
#ifndef HOTMOD_TRIAL_H
#define HOTMOD_TRIAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "hotmod_engine.h"
#include "table.h"

#define TRIAL_SEGMENTS 4

typedef enum trial_outcome {
  TRIAL_UNFINISHED, /* killed, or ended by itself */
  TRIAL_DONE,
  TRIAL_NOT_SWITCHED, /* the version that waited could not take over: failure */
  TRIAL_CRASHED,      /* a call was abandoned: failure */
  TRIAL_TOO_LONG
} trial_outcome_t;

/* What is asked for. */
typedef struct trial_request {
  const char *module;
  uint32_t frames;
  double dt;
  uint32_t looks;       /* at most this many frames whose variables are kept, the last among them */
  uint64_t state_limit; /* bytes of variables kept for each version */
  uint64_t patience_ns; /* from the fork to the end of both */
  const char *paths[2]; /* files for the results of the version that runs, and of the one that waits */
} trial_request_t;

/*
 * The file of one version, in the machine's byte order: this header, `frames_asked` durations of the module's update in
 * nanoseconds, `looks` frame numbers, and as many times the bytes of the segments one after another. Addresses are those of
 * the library's file. src/host/trial.ts reads the same.
 */
typedef struct trial_header {
  uint64_t outcome;
  uint64_t frames_asked;
  uint64_t frames_run;
  uint64_t frame_ns;   /* all modules' updates of all frames */
  uint64_t looks;      /* room for so many */
  uint64_t looks_done;
  uint64_t load_base;
  uint64_t state_bytes; /* of one look */
  uint64_t segments;
  struct {
    uint64_t address;
    uint64_t size;
  } segment[TRIAL_SEGMENTS];
  /* Of hot_failure_t, where the outcome is a failure. */
  uint64_t problem;
  uint64_t step;
  int64_t value;
  int64_t signal;
  uint64_t address;
  char module[HOT_NAME_MAX];
  char call[32];
  char text[HOT_TEXT_MAX];
} trial_header_t;

/* The mapped file of one version, and the process that fills it in. */
typedef struct trial_side {
  trial_header_t *header;
  size_t size;
  pid_t process;
} trial_side_t;

typedef struct trial {
  const trial_request_t *request;
  slot_t *slot;
  trial_side_t sides[2];
  bool forked;
} trial_t;

/*
 * Makes the files and the copies; request must be set, the rest zero. False with failure filled in where the module has no
 * version that runs or none that waits, its variables are larger than the limit, or files or processes could not be made.
 * With the transaction lock held.
 */
bool trial_begin(trial_t *trial, hot_failure_t *failure);

/* Waits for both copies to end, and ends those that take too long. To be called in any case, without the lock. */
void trial_end(trial_t *trial);

#endif
