#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/** Strings of a request, and the vectors that point to them. */
struct command {
  const char *cwd;
  int argc;
  /** argv, NULL, environment, NULL, auxiliary vector: as the kernel lays them out (System V ABI, "Process Initialization"),
   *  because some C libraries find the later ones behind the first. */
  char **argv;
  char **env;
};

/** Pairs of words that end with AT_NULL lie behind the environment that the process was started with. */
static size_t auxiliary_words(char **original_argv, char ***from) {
  char **at = original_argv;
  while (*at != NULL) at++;
  at++;
  while (*at != NULL) at++;
  *from = ++at;
  size_t words = 2;
  for (; *at != NULL; at += 2) words += 2;
  return words;
}

static int read_command(const struct frame *request, const struct start *start, struct command *command) {
  uint32_t counts[2];
  if (request->size < sizeof counts) return EINVAL;
  memcpy(counts, request->body, sizeof counts);
  char **auxiliary;
  size_t words = auxiliary_words(start->argv, &auxiliary);
  size_t strings = (size_t)counts[0] + counts[1];
  if (counts[0] == 0 || strings > request->size) return EINVAL;
  size_t text_size = request->size - sizeof counts;
  // Never freed: these are the program's arguments.
  char *text = malloc(text_size);
  char **vector = calloc(strings + 2 + words, sizeof *vector);
  if (text == NULL || vector == NULL) return ENOMEM;
  memcpy(text, request->body + sizeof counts, text_size);

  char *at = text, *end = text + text_size;
  command->cwd = at;
  char **to = vector;
  for (size_t n = 0; n <= strings; n++) {
    char *stop = memchr(at, 0, (size_t)(end - at));
    if (stop == NULL) return EINVAL;
    if (n > 0) *to++ = at;
    if (n == counts[0]) *to++ = NULL;
    at = stop + 1;
  }
  *to++ = NULL;
  memcpy(to, auxiliary, words * sizeof *to);
  command->argc = (int)counts[0];
  command->argv = vector;
  command->env = vector + counts[0] + 1;
  return 0;
}

static void close_others(const struct job *others, size_t count) {
  for (size_t n = 0; n < count; n++) {
    if (others[n].ended >= 0) close(others[n].ended);
    if (others[n].output >= 0) close(others[n].output);
    if (others[n].said >= 0) close(others[n].said);
  }
}

/** An exit code that neither clang nor a linker gives: whoever asked sees that the run says nothing, and runs the tool itself. */
enum { COULD_NOT_BEGIN = 121 };

/** In a child: where it says its end, who it is, and what `main` returned; -1 where it has not. */
static int say_to = -1;
static pid_t own_pid;
static int main_code = -1;

static void say_end(int code) {
  siginfo_t child = {0};
  // A fork of the tool has inherited all of this, and the job is not its own.
  if (say_to < 0 || code < 0 || getpid() != own_pid) return;
  if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0) return;
  unsigned char byte = (unsigned char)code;
  ssize_t written = write(say_to, &byte, 1);
  (void)written;
  close(say_to);
  say_to = -1;
}

static void say_main_ended(void) {
  // What comes after it would do so too, and what is in a buffer is part of the result.
  fflush(NULL);
  say_end(main_code);
}

void job_will_say(void) {
  if (say_to >= 0) atexit(say_main_ended);
}

void job_ends_with(int code) { main_code = code & 0xff; }

/** Both take the place of the C library's: linkers end with them, and no handler runs. */
__attribute__((visibility("default"), noreturn)) void _exit(int code) {
  say_end(code & 0xff);
  for (;;) syscall(SYS_exit_group, code);
}

__attribute__((visibility("default"), noreturn)) void _Exit(int code) { _exit(code); }

/** Out of the way of the numbers that the program's own files get. */
enum { LOWEST_SAY = 200 };

static void begin(const struct command *command, int output, int say, pid_t parent) {
  setpgid(0, 0);
  // Should the parent be killed, nobody is left to end this process when it is no longer wanted.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(COULD_NOT_BEGIN);
  signal(SIGPIPE, SIG_DFL);
  int nothing = open("/dev/null", O_RDWR);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(output, 2) < 0) _exit(COULD_NOT_BEGIN);
  if (nothing > 2) close(nothing);
  close(output);
  // Without it the end is seen when it has come.
  say_to = fcntl(say, F_DUPFD_CLOEXEC, LOWEST_SAY);
  close(say);
  own_pid = getpid();
  if (chdir(command->cwd) != 0) _exit(COULD_NOT_BEGIN);
  environ = command->env;
  const char *slash = strrchr(command->argv[0], '/');
  program_invocation_name = command->argv[0];
  program_invocation_short_name = slash == NULL ? command->argv[0] : (char *)slash + 1;
  prctl(PR_SET_NAME, program_invocation_short_name);
}

/** For what the job writes, and for its word that it has ended; both are read without waiting. 0, or -1 with errno. */
static int open_pipes(int output[2], int saying[2]) {
  if (pipe2(output, O_CLOEXEC) != 0) return -1;
  if (pipe2(saying, O_CLOEXEC | O_NONBLOCK) == 0) {
    // Of this one the job's end blocks, as a program expects of its stderr.
    if (fcntl(output[0], F_SETFL, O_NONBLOCK) == 0) return 0;
    close(saying[0]);
    close(saying[1]);
  }
  int error = errno;
  close(output[0]);
  close(output[1]);
  errno = error;
  return -1;
}

int job_start(struct job *job, const struct frame *request, const struct job *others, size_t count,
              const struct start *start, int *argc, char ***argv) {
  int ends[2], saying[2];
  if (open_pipes(ends, saying) != 0) return errno;
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    close(saying[0]);
    close_others(others, count);
    struct command command;
    if (read_command(request, start, &command) != 0) _exit(COULD_NOT_BEGIN);
    begin(&command, ends[1], saying[1], parent);
    *argc = command.argc;
    *argv = command.argv;
    return -1;
  }
  int error = errno;
  close(ends[1]);
  close(saying[1]);
  if (pid < 0) {
    close(ends[0]);
    close(saying[0]);
    return error;
  }
  // Both sides do it, so that the group exists for whoever of them needs it first.
  setpgid(pid, pid);
  *job = (struct job){.id = request->id, .pid = pid, .output = ends[0], .said = saying[0]};
  job->ended = (int)syscall(SYS_pidfd_open, pid, 0);
  if (job->ended >= 0) return 0;
  error = errno;
  job_kill(job);
  close(ends[0]);
  close(saying[0]);
  return error;
}

void job_read(struct job *job) {
  char *to = bytes_room(&job->text, 65536);
  ssize_t got = to == NULL ? 0 : read(job->output, to, 65536);
  if (got < 0 && to != NULL && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    job->text.size += (size_t)got;
    return;
  }
  close(job->output);
  job->output = -1;
}

int job_hear(struct job *job) {
  unsigned char code;
  ssize_t got = read(job->said, &code, 1);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  close(job->said);
  job->said = -1;
  if (got != 1) return 0;
  job->status = (int)code << 8;
  return 1;
}

void job_kill(const struct job *job) { kill(-job->pid, SIGKILL); }
