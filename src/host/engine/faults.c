#include "faults.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of many modules with the same mistake all may crash in one frame. */
#define CAPACITY 1024

static hot_fault_t queue[CAPACITY];
static size_t first;
static size_t count;
static hot_recovered_t recovered[CAPACITY];
static size_t first_recovered;
static size_t recovered_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int wake[2] = {-1, -1};

int faults_open(void) {
  if (wake[0] >= 0) return 0;
  if (pipe(wake) != 0) return -1;
  for (int n = 0; n < 2; n++) {
    fcntl(wake[n], F_SETFD, FD_CLOEXEC);
    fcntl(wake[n], F_SETFL, O_NONBLOCK);
  }
  return 0;
}

void faults_detach(void) { wake[1] = -1; }

static hot_crash_kind_t kind_of(const hot_failure_t *failure) {
  if (failure->overflow) return HOT_CRASH_STACK_OVERFLOW;
  switch (failure->signal) {
    case SIGBUS: return HOT_CRASH_BUS;
    case SIGILL:
    case SIGTRAP: /* what __builtin_trap becomes on ARM64 */
      return HOT_CRASH_ILL;
    case SIGFPE: return HOT_CRASH_FPE;
    case SIGABRT: return HOT_CRASH_ABORT;
    default: return HOT_CRASH_SEGV;
  }
}

void faults_describe(hot_fault_t *fault, const image_t *image, const hot_failure_t *failure) {
  memset(fault, 0, sizeof *fault);
  fault->kind = kind_of(failure);
  fault->generation = image->generation;
  fault->signal = failure->signal;
  fault->address = failure->address;
  fault->frames = image->frames;
  fault->at = failure->entered_at;
  memcpy(fault->module, image->module, sizeof fault->module);
  memcpy(fault->call, failure->call, sizeof fault->call);
  memcpy(fault->function, failure->text, sizeof fault->function - 1);
  fault->stack = failure->stack;
}

static void wake_up(void) {
  /* A full pipe has a wake-up waiting already. */
  ssize_t written = write(wake[1], "!", 1);
  (void)written;
}

void faults_push(const image_t *image, const hot_failure_t *failure) {
  hot_fault_t fault;
  faults_describe(&fault, image, failure);
  faults_queue(&fault);
}

void faults_queue(const hot_fault_t *fault) {
  pthread_mutex_lock(&lock);
  if (count == CAPACITY) {
    free(queue[first].went_back);
    first = (first + 1) % CAPACITY;
    count--;
  }
  queue[(first + count++) % CAPACITY] = *fault;
  pthread_mutex_unlock(&lock);
  wake_up();
}

void faults_recovered(const image_t *image) {
  pthread_mutex_lock(&lock);
  if (recovered_count == CAPACITY) {
    first_recovered = (first_recovered + 1) % CAPACITY;
    recovered_count--;
  }
  hot_recovered_t *one = &recovered[(first_recovered + recovered_count++) % CAPACITY];
  memcpy(one->module, image->module, sizeof one->module);
  one->generation = image->generation;
  one->recovery_ns = image->recovery_ns;
  pthread_mutex_unlock(&lock);
  wake_up();
}

int hot_fault_descriptor(void) { return wake[0]; }

int hot_take_fault(hot_fault_t *fault) {
  static hot_went_back_t *last;
  pthread_mutex_lock(&lock);
  int taken = count > 0;
  if (taken) {
    *fault = queue[first];
    free(last);
    last = fault->went_back;
    first = (first + 1) % CAPACITY;
    count--;
  }
  pthread_mutex_unlock(&lock);
  return taken;
}

int hot_take_recovered(hot_recovered_t *taken) {
  pthread_mutex_lock(&lock);
  int any = recovered_count > 0;
  if (any) {
    *taken = recovered[first_recovered];
    first_recovered = (first_recovered + 1) % CAPACITY;
    recovered_count--;
  }
  pthread_mutex_unlock(&lock);
  return any;
}
