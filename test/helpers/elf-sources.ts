/** Small modules of every kind that the tests of the reader and of the stages after it build. */

export const counterC = `
#include <stdio.h>
#include <stdlib.h>
#define EXPORT __attribute__((visibility("default")))
static int count = 3;
static double total;
EXPORT int limit = 10;
EXPORT const char counter_name[] = "counter";
EXPORT int counter_init(void) { printf("start %d\\n", count); return 0; }
EXPORT void counter_update(double dt) { static long calls; calls++; total += dt; count++; if (count > limit) count = abs(count); }
EXPORT void counter_shutdown(void) { printf("end %f\\n", total); }
`;

export const statelessC = `
int counter_init(void) { return 0; }
void counter_update(double dt) { (void)dt; }
`;

export const threadsC = `
#include <math.h>
#include <pthread.h>
#include <errno.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int depth;
static void *work(void *x) { depth++; errno = 0; return x; }
int counter_init(void) { pthread_t t; return pthread_create(&t, 0, work, 0) || pthread_join(t, 0); }
void counter_update(double dt) { pthread_mutex_lock(&lock); volatile double x = sin(dt) + pow(dt, 1.5); (void)x; pthread_mutex_unlock(&lock); }
`;

export const streamsCxx = `
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
static std::vector<std::string> names;
extern "C" int counter_init() { try { throw std::runtime_error("x"); } catch (const std::exception &e) { names.push_back(e.what()); } return 0; }
extern "C" void counter_update(double dt) {
  static std::string last = std::to_string(dt);
  std::cout << last << names.size() << std::endl;
  std::thread([] {}).join();
}
`;

/** Freestanding, so that it links for a machine whose C library is not installed. */
export const freestandingC = `
static int count;
__attribute__((visibility("default"))) int counter_init(void) { return 0; }
__attribute__((visibility("default"))) void counter_update(double dt) { (void)dt; count++; }
`;
