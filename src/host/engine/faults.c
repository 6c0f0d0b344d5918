#include "faults.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define CAPACITY 64

static hot_fault_t queue[CAPACITY];
static size_t first;
static size_t count;
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

void faults_push(const image_t *image, const hot_failure_t *failure) {
  hot_fault_t fault = {.generation = image->generation,
                       .signal = failure->signal,
                       .address = failure->address,
                       .frames = image->frames};
  memcpy(fault.module, image->module, sizeof fault.module);
  memcpy(fault.call, failure->call, sizeof fault.call);
  memcpy(fault.function, failure->text, sizeof fault.function - 1);
  fault.stack = failure->stack;
  pthread_mutex_lock(&lock);
  if (count == CAPACITY) {
    first = (first + 1) % CAPACITY;
    count--;
  }
  queue[(first + count++) % CAPACITY] = fault;
  pthread_mutex_unlock(&lock);
  /* A full pipe has a wake-up waiting already. */
  ssize_t written = write(wake[1], "!", 1);
  (void)written;
}

int hot_fault_descriptor(void) { return wake[0]; }

int hot_take_fault(hot_fault_t *fault) {
  pthread_mutex_lock(&lock);
  int taken = count > 0;
  if (taken) {
    *fault = queue[first];
    first = (first + 1) % CAPACITY;
    count--;
  }
  pthread_mutex_unlock(&lock);
  return taken;
}
