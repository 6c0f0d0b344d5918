/* One run of the tool: a fork of the loaded program that has not reached its `main` yet. */
#ifndef HOTMOD_WARM_JOB_H
#define HOTMOD_WARM_JOB_H

#include <stdint.h>
#include <sys/types.h>

#include "frame.h"

struct job {
  uint32_t id;
  /** Process and process group. It is waited for last, so that the number is not given to anybody else meanwhile. */
  pid_t pid;
  /** Readable when the process has ended (pidfd_open(2)). -1 once that was seen. */
  int ended;
  /** What the process and its children write to stderr. Does not block. -1 once nobody can write to it any more. */
  int output;
  /** Where the process says that its `main` has ended, before it takes itself apart. -1 once it has, or ended without. */
  int said;
  /** As of wait(2), once it was said; the answer has been given then. */
  int status;
  int answered;
  struct bytes text;
};

/** How the process itself was started. */
struct start {
  char **argv;
};

/**
 * Forks. In the parent answers 0 with `job` filled in, or an errno. In the child answers -1, with `*argc` and `*argv` as the
 * program's `main` is to find them, and with working folder, environment, process group and the first three descriptors as
 * the request wants them: stdin and stdout are /dev/null. `others` are the jobs whose descriptors the child must not keep.
 */
int job_start(struct job *job, const struct frame *request, const struct job *others, size_t count,
              const struct start *start, int *argc, char ***argv);

/** Reads what there is to read. */
void job_read(struct job *job);

/** Reads whether the process has said that its `main` has ended. 1 with `status` filled in where it has, else 0. */
int job_hear(struct job *job);

/**
 * To be called in a child before its `main`, when all is registered that is to run after it. From then on its end is said as
 * soon as `main` has ended and everything that it registered itself has run: destructors of loaded libraries and the end of
 * the address space, which follow, take some milliseconds and change nothing that anybody sees. Not where it has children,
 * which may go on with its work.
 */
void job_will_say(void);

/** To be called with what `main` returned. A process that ends in another way says nothing, but by `_exit` or `_Exit`. */
void job_ends_with(int code);

/** Kills the process with all its descendants that have not left its group. */
void job_kill(const struct job *job);

#endif
