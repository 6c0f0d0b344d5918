#include "status.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes of a name that are copied without a look at their number. */
#define SHORT_NAME 32

typedef struct lane_record {
  _Atomic uint64_t sequence; /* odd while a call runs */
  uint64_t frames;
  uint32_t generation;
  uint32_t reserved;
  char module[HOT_NAME_MAX];
  char call[STATUS_CALL_MAX];
} lane_record_t;

typedef struct end_record {
  uint32_t how;
  uint32_t signal;
  uint64_t address;
  uint64_t frames;
  uint32_t generation;
  uint32_t reserved;
  char module[HOT_NAME_MAX];
  char call[STATUS_CALL_MAX];
} end_record_t;

typedef struct status_file {
  uint32_t magic;
  uint32_t abi;
  uint64_t frame;
  lane_record_t lanes[STATUS_LANES];
  end_record_t end;
} status_file_t;

static status_file_t in_memory;
static status_file_t *status = &in_memory;

void status_detach(void) {
  if (status == &in_memory) return;
  memcpy(&in_memory, status, sizeof in_memory);
  status = &in_memory;
}

int status_open(const char *path) {
  if (path != NULL) {
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return -1;
    if (ftruncate(file, sizeof(status_file_t)) != 0) {
      close(file);
      return -1;
    }
    void *mapped = mmap(NULL, sizeof(status_file_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) return -1;
    status = mapped;
  }
  status->abi = STATUS_ABI;
  status->magic = STATUS_MAGIC;
  return 0;
}

void status_frame(uint64_t frame) { status->frame = frame; }

/* memccpy stops at the NUL and is safe in a signal handler; the last byte is never written and stays 0. */
static void put_text(char *to, const char *from, size_t size) {
  if (memccpy(to, from, 0, size - 1) == NULL) to[size - 1] = 0;
}

/* This runs for every module in every frame: a short name is copied in one go, and a call only where it changed. */
void status_enter(status_lane_name_t lane, const status_site_t *site) {
  static const char *last_call[STATUS_LANES];
  lane_record_t *record = &status->lanes[lane];
  memcpy(record->module, site->module, SHORT_NAME);
  if (record->module[SHORT_NAME - 1] != 0) memcpy(record->module, site->module, sizeof record->module);
  if (site->call != last_call[lane]) put_text(record->call, site->call, sizeof record->call);
  last_call[lane] = site->call;
  record->generation = site->generation;
  record->frames = site->frames;
  /* One writer a lane: a load and a store do, and cost less than an atomic addition. */
  uint64_t sequence = atomic_load_explicit(&record->sequence, memory_order_relaxed);
  atomic_store_explicit(&record->sequence, (sequence | 1) + (sequence & 1) * 2, memory_order_release);
}

void status_leave(status_lane_name_t lane) {
  lane_record_t *record = &status->lanes[lane];
  uint64_t sequence = atomic_load_explicit(&record->sequence, memory_order_relaxed);
  atomic_store_explicit(&record->sequence, sequence + (sequence & 1), memory_order_release);
}

void status_record_end(status_end_t how, int signal, uint64_t address, const status_site_t *site) {
  end_record_t *record = &status->end;
  if (record->how != STATUS_RUNNING) return;
  record->signal = (uint32_t)signal;
  record->address = address;
  if (site != NULL) {
    put_text(record->module, site->module, sizeof record->module);
    put_text(record->call, site->call, sizeof record->call);
    record->generation = site->generation;
    record->frames = site->frames;
  }
  record->how = (uint32_t)how;
}
