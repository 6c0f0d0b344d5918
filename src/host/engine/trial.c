#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "commit.h"
#include "faults.h"
#include "loop.h"
#include "platform.h"
#include "vault.h"

static uint64_t *durations(const trial_header_t *header) { return (uint64_t *)(header + 1); }
static uint64_t *frame_numbers(const trial_header_t *header) { return durations(header) + header->frames_asked; }
static unsigned char *states(const trial_header_t *header) { return (unsigned char *)(frame_numbers(header) + header->looks); }

/* Fills in where the variables of an image lie. */
static void describe(trial_header_t *header, const image_t *image) {
  header->load_base = image->segments.base;
  for (size_t n = 0; n < image->segments.count && header->segments < TRIAL_SEGMENTS; n++) {
    const segment_t *segment = &image->segments.list[n];
    if (segment->kind != SEGMENT_DATA) continue;
    header->segment[header->segments].address = segment->start - image->segments.base;
    header->segment[header->segments].size = segment->size;
    header->segments++;
    header->state_bytes += segment->size;
  }
}

static bool open_side(trial_side_t *side, const image_t *image, const trial_request_t *request, const char *path) {
  trial_header_t header = {.frames_asked = request->frames};
  describe(&header, image);
  uint64_t room = header.state_bytes == 0 ? request->looks : request->state_limit / header.state_bytes;
  header.looks = room < request->looks ? room : request->looks;
  if (header.looks == 0) {
    errno = EFBIG;
    return false;
  }
  side->size = sizeof header + (request->frames + header.looks) * sizeof(uint64_t) + header.looks * header.state_bytes;
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  bool sized = ftruncate(file, (off_t)side->size) == 0;
  void *mapped = sized ? mmap(NULL, side->size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  if (mapped == MAP_FAILED) return false;
  side->header = mapped;
  *side->header = header;
  return true;
}

/* The copy shares files and memory with the program: nothing it does from here on may reach either. */
static void detach(void) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  status_detach();
  faults_detach();
}

static void look(trial_header_t *header, const image_t *image, uint64_t frame) {
  unsigned char *to = states(header) + header->looks_done * header->state_bytes;
  for (size_t n = 0; n < header->segments; n++) {
    memcpy(to, (const void *)(image->segments.base + header->segment[n].address), header->segment[n].size);
    to += header->segment[n].size;
  }
  frame_numbers(header)[header->looks_done++] = frame;
}

static void note_failure(trial_header_t *header, trial_outcome_t outcome, const hot_failure_t *failure) {
  header->outcome = outcome;
  header->problem = failure->problem;
  header->step = failure->step;
  header->value = failure->value;
  header->signal = failure->signal;
  header->address = failure->address;
  memcpy(header->module, failure->module, sizeof header->module);
  memcpy(header->call, failure->call, sizeof header->call);
  memcpy(header->text, failure->text, sizeof header->text);
}

/* Looks are spread evenly; the last is after the last frame. */
static bool is_look(const trial_header_t *header, uint64_t frame) {
  return frame * header->looks / header->frames_asked != (frame - 1) * header->looks / header->frames_asked;
}

/* False where the module crashed. Another one that does is out of the frames that follow, as in the program. */
static bool run_frame(trial_header_t *header, const slot_t *own, double dt) {
  const slot_t *slot;
  uint64_t start = platform_now();
  for (size_t n = 0; (slot = table_running(n)) != NULL; n++) {
    if (!slot->current->running) continue;
    hot_failure_t failure;
    failure.problem = HOT_OK;
    uint64_t before = platform_now();
    bool good = call_update(slot->current, dt, &failure);
    if (slot == own) durations(header)[header->frames_run] = platform_now() - before;
    if (good) slot->current->frames++;
    else slot->current->running = false;
    if (good || slot != own) continue;
    note_failure(header, TRIAL_CRASHED, &failure);
    return false;
  }
  header->frame_ns += platform_now() - start;
  header->frames_run++;
  return true;
}

static bool take_over(slot_t *slot, trial_header_t *header) {
  hot_committed_t done = {0};
  hot_commit_report_t report = {0};
  part_t part = {.slot = slot, .arriving = slot->staged, .done = &done};
  commit_t commit = {.parts = &part, .count = 1, .report = &report};
  commit_at_boundary(&commit);
  if (report.failure.problem == HOT_OK) return true;
  note_failure(header, TRIAL_NOT_SWITCHED, &report.failure);
  return false;
}

static void run_side(const trial_t *trial, size_t number) {
  trial_header_t *header = trial->sides[number].header;
  const trial_request_t *request = trial->request;
  detach();
  if (number == 1 && !take_over(trial->slot, header)) return;
  for (uint64_t frame = 1; frame <= request->frames; frame++) {
    if (!run_frame(header, trial->slot, request->dt)) return;
    if (is_look(header, frame)) look(header, trial->slot->current, frame);
  }
  header->outcome = TRIAL_DONE;
}

static void fork_at_boundary(void *argument) {
  trial_t *trial = argument;
  trial->forked = true;
  for (size_t n = 0; n < 2; n++) {
    /* No other thread lives on in the copy to let go of the lock. */
    table_lock();
    pid_t process = fork();
    table_unlock();
    if (process == 0) {
      vault_leave();
      run_side(trial, n);
      _exit(0);
    }
    trial->sides[n].process = process;
    if (process < 0) trial->forked = false;
  }
}

#define POLL_NS 2000000

/* One that takes too long is ended. */
static void await_side(trial_side_t *side, uint64_t deadline) {
  if (side->process <= 0) return;
  while (waitpid(side->process, NULL, WNOHANG) == 0) {
    if (platform_now() > deadline) {
      kill(side->process, SIGKILL);
      waitpid(side->process, NULL, 0);
      if (side->header->outcome == TRIAL_UNFINISHED) side->header->outcome = TRIAL_TOO_LONG;
      return;
    }
    nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
  }
}

static bool refuse(hot_failure_t *failure, hot_problem_t problem) {
  failure->problem = problem;
  strncpy(failure->text, strerror(errno), sizeof failure->text - 1);
  return false;
}

bool trial_begin(trial_t *trial, hot_failure_t *failure) {
  const trial_request_t *request = trial->request;
  trial->slot = table_find(request->module);
  if (trial->slot == NULL || trial->slot->current == NULL || trial->slot->staged == NULL) {
    return refuse(failure, HOT_NOT_STAGED);
  }
  const image_t *images[2] = {trial->slot->current, trial->slot->staged};
  for (size_t n = 0; n < 2; n++) {
    if (!open_side(&trial->sides[n], images[n], request, request->paths[n])) return refuse(failure, HOT_NO_MEMORY);
  }
  /* Both look at the same frames, or nothing could be compared. */
  uint64_t looks = trial->sides[0].header->looks;
  if (trial->sides[1].header->looks < looks) looks = trial->sides[1].header->looks;
  for (size_t n = 0; n < 2; n++) trial->sides[n].header->looks = looks;
  loop_run(fork_at_boundary, trial);
  return trial->forked || refuse(failure, HOT_NO_MEMORY);
}

void trial_end(trial_t *trial) {
  uint64_t deadline = platform_now() + trial->request->patience_ns;
  for (size_t n = 0; n < 2; n++) {
    trial_side_t *side = &trial->sides[n];
    if (!trial->forked && side->process > 0) kill(side->process, SIGKILL);
    if (side->header != NULL) await_side(side, deadline);
    if (side->header != NULL) munmap(side->header, side->size);
  }
}
