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
  /** What the process and its children write to stderr. -1 once nobody can write to it any more. */
  int output;
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

/** Kills the process with all its descendants that have not left its group. */
void job_kill(const struct job *job);

#endif
