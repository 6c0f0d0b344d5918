/*
 * A library to be preloaded (LD_PRELOAD, ld.so(8)) into a compiler or linker. When the program has been loaded and relocated,
 * which is most of its start, and before its `main`, it takes jobs from stdin and has a fork of the process do each: see
 * frame.h. The way of fuzzers' fork servers (American Fuzzy Lop, "fork server").
 *
 * The C library's start code calls `__libc_start_main` with the program's `main` (Linux Standard Base, "__libc_start_main"):
 * a name that a preloaded library can take over. In the parent the call never returns; in a child it goes on as it would have.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "job.h"

/** As many as wait on one poll; more than there are processor cores anywhere near a desk. */
enum { MAX_JOBS = 256, POLLS_A_JOB = 3 };

static struct job jobs[MAX_JOBS];
static size_t job_count;
static struct bytes requests;

/** Nobody is there to answer to: what runs is for nobody either. */
static void end_all(void) {
  for (size_t n = 0; n < job_count; n++) job_kill(&jobs[n]);
  _exit(0);
}

static void send_or_end(uint32_t kind, uint32_t id, const void *head, size_t size, const struct bytes *rest) {
  if (frame_send(1, kind, id, head, size, rest) != 0) end_all();
}

static void say_hello(void) {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  send_or_end(FRAME_HELLO, 0, path, size < 0 ? 0 : (size_t)size, NULL);
}

static void answer(struct job *job, int status) {
  if (!job->answered) send_or_end(FRAME_DONE, job->id, &status, sizeof status, &job->text);
  job->answered = 1;
}

static void finish(size_t at) {
  struct job *job = &jobs[at];
  int status = 0;
  while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
  }
  answer(job, status);
  if (job->said >= 0) close(job->said);
  free(job->text.data);
  *job = jobs[--job_count];
}

static void look_after_jobs(const struct pollfd *polls) {
  // Backwards, because one that is finished has its place taken by the last.
  for (size_t n = job_count; n-- > 0;) {
    const struct pollfd *own = &polls[POLLS_A_JOB * n];
    // First the word and then the output: what was written before the word is there by then.
    int ended = own[2].revents != 0 && job_hear(&jobs[n]);
    if (own[0].revents != 0 || (ended && jobs[n].output >= 0)) job_read(&jobs[n]);
    if (ended) answer(&jobs[n], jobs[n].status);
    if (own[1].revents != 0) {
      close(jobs[n].ended);
      jobs[n].ended = -1;
    }
    if (jobs[n].ended < 0 && jobs[n].output < 0) finish(n);
  }
}

/** Answers 1 in a child that is to go on as the program. */
static int take(const struct frame *frame, const struct start *start, int *argc, char ***argv) {
  if (frame->kind == FRAME_KILL) {
    for (size_t n = 0; n < job_count; n++) {
      if (jobs[n].id == frame->id) job_kill(&jobs[n]);
    }
    return 0;
  }
  int error = EAGAIN;
  if (frame->kind == FRAME_RUN && job_count < MAX_JOBS) {
    error = job_start(&jobs[job_count], frame, jobs, job_count, start, argc, argv);
    if (error < 0) return 1;
  }
  if (error != 0) {
    send_or_end(FRAME_FAILED, frame->id, &error, sizeof error, NULL);
    return 0;
  }
  uint32_t pid = (uint32_t)jobs[job_count++].pid;
  send_or_end(FRAME_STARTED, frame->id, &pid, sizeof pid, NULL);
  return 0;
}

static int take_requests(const struct start *start, int *argc, char ***argv) {
  char *to = bytes_room(&requests, 65536);
  ssize_t got = to == NULL ? -1 : read(0, to, 65536);
  if (got < 0 && errno == EINTR) return 0;
  if (got <= 0) end_all();
  requests.size += (size_t)got;
  size_t at = 0;
  struct frame frame;
  int found;
  while ((found = frame_next(&requests, &at, &frame)) > 0) {
    if (take(&frame, start, argc, argv)) return 1;
  }
  if (found < 0) end_all();
  memmove(requests.data, requests.data + at, requests.size - at);
  requests.size -= at;
  return 0;
}

/** Returns in children only. */
static void serve(const struct start *start, int *argc, char ***argv) {
  static struct pollfd polls[POLLS_A_JOB * MAX_JOBS + 1];
  // A conductor that is gone is seen by the write that fails.
  signal(SIGPIPE, SIG_IGN);
  say_hello();
  for (;;) {
    size_t count = job_count;
    for (size_t n = 0; n < count; n++) {
      struct pollfd *own = &polls[POLLS_A_JOB * n];
      own[0] = (struct pollfd){.fd = jobs[n].output, .events = POLLIN};
      own[1] = (struct pollfd){.fd = jobs[n].ended, .events = POLLIN};
      own[2] = (struct pollfd){.fd = jobs[n].said, .events = POLLIN};
    }
    struct pollfd *asked = &polls[POLLS_A_JOB * count];
    *asked = (struct pollfd){.fd = 0, .events = POLLIN};
    if (poll(polls, POLLS_A_JOB * count + 1, -1) < 0) continue;
    look_after_jobs(polls);
    if (asked->revents != 0 && take_requests(start, argc, argv)) return;
  }
}

typedef int main_function(int, char **, char **);

static main_function *program_main;

static int main_that_says_its_end(int argc, char **argv, char **env) {
  job_will_say();
  int code = program_main(argc, argv, env);
  job_ends_with(code);
  return code;
}

typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

__attribute__((visibility("default"))) int __libc_start_main(main_function *program, int argc, char **argv,
                                                             void (*init)(void), void (*fini)(void),
                                                             void (*rtld_fini)(void), void *stack_end) {
  start_function *real;
  void *found = dlsym(RTLD_NEXT, "__libc_start_main");
  memcpy(&real, &found, sizeof real);
  struct start start = {.argv = argv};
  // A process that merely inherited the preloading (a script around the tool) is none of ours.
  if (getenv("HOTMOD_FORK_SERVER") != NULL) {
    serve(&start, &argc, &argv);
    program_main = program;
    program = main_that_says_its_end;
  }
  return real(program, argc, argv, init, fini, rtld_fini, stack_end);
}
