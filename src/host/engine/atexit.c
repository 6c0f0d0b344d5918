#include "atexit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The linker's --wrap gives it this name; the compiler's own calls come in here (Itanium C++ ABI, 3.3.6.3). */
HOT_EXPORT int __wrap___cxa_atexit(void (*function)(void *), void *argument, void *library);

/* Complements: a search of memory (search.h) must not find the addresses here, which would keep the image for ever. */
typedef struct entry {
  uintptr_t function;
  uintptr_t argument;
  uintptr_t library; /* of the library's __dso_handle, which lies in its image */
} entry_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry_t *entries;
static size_t count;
static size_t capacity;

int __wrap___cxa_atexit(void (*function)(void *), void *argument, void *library) {
  pthread_mutex_lock(&lock);
  if (count == capacity) {
    size_t more = capacity == 0 ? 64 : capacity * 2;
    entry_t *grown = realloc(entries, more * sizeof *grown);
    if (grown != NULL) {
      entries = grown;
      capacity = more;
    }
  }
  bool room = count < capacity;
  if (room) entries[count++] = (entry_t){~(uintptr_t)function, ~(uintptr_t)argument, ~(uintptr_t)library};
  pthread_mutex_unlock(&lock);
  return room ? 0 : -1;
}

/* Takes the last entry of an image out of the list; false where there is none. */
static bool take_last(const image_t *image, entry_t *taken) {
  bool found = false;
  pthread_mutex_lock(&lock);
  for (size_t n = count; n-- > 0 && !found;) {
    if (!image_holds(image, ~entries[n].library)) continue;
    *taken = entries[n];
    memmove(&entries[n], &entries[n + 1], (count - n - 1) * sizeof *entries);
    count--;
    found = true;
  }
  pthread_mutex_unlock(&lock);
  return found;
}

void atexit_forget(const image_t *image) {
  entry_t taken;
  while (take_last(image, &taken)) continue;
}

static void call_entry(void *argument) {
  const entry_t *entry = argument;
  ((void (*)(void *)) ~entry->function)((void *)~entry->argument);
}

void atexit_run(image_t *image) {
  entry_t taken;
  bool good = true;
  while (take_last(image, &taken)) {
    status_site_t site = {.module = image->module, .call = "destructor", .generation = image->generation};
    guard_fault_t fault;
    if (good) good = guard_run(LANE_STAGING, &site, call_entry, &taken, &fault);
    if (!good) image_pin(image);
  }
}
