#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "faults.h"
#include "guard.h"
#include "output.h"
#include "platform.h"
#include "recovery.h"
#include "table.h"

#define SECOND 1e9
#define FRAMES_TO_CATCH_UP 4
#define LONGEST_DT 0.25
/* While no frames run, what module threads wrote is passed on this often. */
#define IDLE_NS 250000000ull

typedef struct command {
  void (*run)(void *);
  void *argument;
  bool done;
  struct command *next;
} command_t;

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static pthread_cond_t finished;
static command_t *commands;
static bool ending;

static bool without_clock;
static bool is_paused;
static double frames_per_second;
static uint64_t last_start; /* when the last frame began; 0: nothing to measure dt from */
static uint64_t deadline;
static _Atomic uint64_t frame_number;

static uint64_t window_start;
static uint64_t window_ns;
static uint64_t window_frames;
static double tick_us;

static void *loop_main(void *unused);
static void run_next_command(void);
static void run_clock(void);

int loop_open(double rate, bool stepped) {
  without_clock = stepped;
  loop_set_rate(rate);
  int error = platform_condition_init(&wake);
  if (error == 0) error = platform_condition_init(&finished);
  if (error == 0) error = pthread_create(&thread, NULL, loop_main, NULL);
  errno = error;
  return error == 0 ? 0 : -1;
}

static void *loop_main(void *unused) {
  (void)unused;
  guard_thread_open();
  pthread_mutex_lock(&lock);
  while (commands != NULL || !ending) {
    if (commands != NULL) {
      run_next_command();
    } else {
      run_clock();
    }
  }
  pthread_mutex_unlock(&lock);
  guard_thread_close();
  return NULL;
}

/* With the lock held, which is let go while the command runs. */
static void run_next_command(void) {
  command_t *command = commands;
  commands = command->next;
  pthread_mutex_unlock(&lock);
  command->run(command->argument);
  pthread_mutex_lock(&lock);
  command->done = true;
  pthread_cond_broadcast(&finished);
}

/* Waits for the next frame's time, or runs the frame whose time has come. With the lock held. */
static void run_clock(void) {
  uint64_t now = platform_now();
  bool idle = without_clock || is_paused;
  if (idle || now < deadline) {
    platform_wait_until(&wake, &lock, idle ? now + IDLE_NS : deadline);
    if (idle) output_flush();
    return;
  }
  uint64_t period = (uint64_t)(SECOND / frames_per_second);
  double dt = last_start == 0 ? 1 / frames_per_second : (double)(now - last_start) / SECOND;
  last_start = now;
  deadline += period;
  if (now > deadline + FRAMES_TO_CATCH_UP * period) deadline = now + period;
  pthread_mutex_unlock(&lock);
  loop_frame(dt < LONGEST_DT ? dt : LONGEST_DT);
  pthread_mutex_lock(&lock);
}

void loop_run(void (*run)(void *), void *argument) {
  command_t command = {.run = run, .argument = argument};
  pthread_mutex_lock(&lock);
  command_t **end = &commands;
  while (*end != NULL) end = &(*end)->next;
  *end = &command;
  pthread_cond_signal(&wake);
  while (!command.done) pthread_cond_wait(&finished, &lock);
  pthread_mutex_unlock(&lock);
}

void loop_close(void) {
  pthread_mutex_lock(&lock);
  ending = true;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
  pthread_join(thread, NULL);
  ending = false;
}

static void count_tick(uint64_t start, uint64_t end) {
  if (window_start == 0) window_start = start;
  window_ns += end - start;
  window_frames++;
  if (end - window_start < (uint64_t)SECOND) return;
  tick_us = (double)window_ns / (double)window_frames / 1e3;
  window_start = end;
  window_ns = 0;
  window_frames = 0;
}

/*
 * Between two frames other programs fill the processor's caches, and then most of what a frame of many small modules
 * costs is waiting for memory. So each module's memory is asked for some modules ahead: its image, then its code and the
 * end of its data, where the variables of a small module are.
 */
#define AT_ONCE 32

static inline void ask_for_image(const image_t *image) {
  __builtin_prefetch(image, 1);
  __builtin_prefetch((const char *)image + 64);
  __builtin_prefetch((const char *)image + 128);
}

static inline void ask_for_library(const image_t *image) {
  const void *code;
  memcpy(&code, &image->calls.update, sizeof code);
  __builtin_prefetch(code);
  __builtin_prefetch((const void *)(image->high - 1), 1);
}

static void note_recovery(image_t *image) {
  image->recovery_ns = platform_now() - image->fault_at;
  image->fault_at = 0;
  faults_recovered(image);
}

/* An emulator's own faults do not repeat themselves; those of a module do, and the second one counts. */
static bool update_again(image_t *image, double dt, hot_failure_t *failure) {
  hot_failure_t second;
  second.problem = HOT_OK;
  if (!recovery_may_retry(image, failure)) return false;
  if (!call_update(image, dt, &second)) {
    *failure = second;
    return false;
  }
  recovery_passed_again(image, failure);
  return true;
}

static void update_image(image_t *image, double dt) {
  if (!image->running) return;
  hot_failure_t failure;
  failure.problem = HOT_OK;
  if (image->fault_at != 0) note_recovery(image);
  if (call_update(image, dt, &failure) || update_again(image, dt, &failure)) {
    image->frames++;
  } else {
    recovery_crashed(image, &failure);
  }
}

static void update_all(double dt) {
  size_t count;
  const running_t *list = table_frame_list(&count);
  for (size_t first = 0; first < count; first += AT_ONCE) {
    size_t end = count - first < AT_ONCE ? count : first + AT_ONCE;
    for (size_t n = first; n < end; n++) ask_for_image(list[n].image);
    for (size_t n = first; n < end; n++) ask_for_library(list[n].image);
    for (size_t n = first; n < end; n++) update_image(list[n].image, dt);
  }
}

void loop_frame(double dt) {
  uint64_t start = platform_now();
  uint64_t number = ++frame_number;
  status_frame(number);
  shadow_take_all(number);
  output_begin_frame();
  update_all(dt);
  output_end_frame();
  recovery_finish();
  count_tick(start, platform_now());
}

uint64_t loop_frame_number(void) { return frame_number; }

void loop_set_paused(bool paused) {
  is_paused = paused;
  last_start = 0;
  deadline = platform_now();
}

bool loop_is_paused(void) { return is_paused; }

void loop_set_rate(double rate) {
  frames_per_second = rate > 0.01 ? rate : 0.01;
  last_start = 0;
  deadline = platform_now() + (uint64_t)(SECOND / frames_per_second);
}

double loop_rate(void) { return frames_per_second; }

double loop_tick_us(void) {
  if (window_frames == 0) return tick_us;
  double current = (double)window_ns / (double)window_frames / 1e3;
  return tick_us > 0 ? tick_us : current;
}
