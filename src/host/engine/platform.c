#include "platform.h"

#include <dlfcn.h>
#include <time.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <mach-o/loader.h>
#include <string.h>
#include <sys/ucontext.h>
#else
#include <link.h>
#include <stdio_ext.h>
#include <ucontext.h>
#endif

#define SECOND 1000000000ull

uint64_t platform_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

#ifdef __APPLE__

int platform_condition_init(pthread_cond_t *condition) { return pthread_cond_init(condition, NULL); }

void platform_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline) {
  uint64_t now = platform_now();
  if (deadline <= now) return;
  struct timespec left = {.tv_sec = (time_t)((deadline - now) / SECOND), .tv_nsec = (long)((deadline - now) % SECOND)};
  pthread_cond_timedwait_relative_np(condition, mutex, &left);
}

size_t platform_pending(FILE *stream) { return (size_t)(stream->_p - stream->_bf._base); }

void platform_purge(FILE *stream) { fpurge(stream); }

uintptr_t platform_fault_pc(const void *context) {
  const ucontext_t *machine = context;
#if defined(__aarch64__)
  uintptr_t pc = (uintptr_t)machine->uc_mcontext->__ss.__pc;
  return pc != 0 ? pc : (uintptr_t)machine->uc_mcontext->__ss.__lr;
#else
  return (uintptr_t)machine->uc_mcontext->__ss.__rip;
#endif
}

/* dyld's handles are opaque: the image whose handle dlopen gives again for its own path is the one. */
int platform_image_range(void *handle, uintptr_t *low, uintptr_t *high) {
  for (uint32_t index = _dyld_image_count(); index-- > 0;) {
    void *same = dlopen(_dyld_get_image_name(index), RTLD_LAZY | RTLD_NOLOAD);
    if (same != NULL) dlclose(same);
    if (same != handle) continue;
    const struct mach_header_64 *header = (const void *)_dyld_get_image_header(index);
    const struct load_command *command = (const void *)(header + 1);
    *low = (uintptr_t)header;
    *high = *low;
    for (uint32_t n = 0; n < header->ncmds; n++) {
      const struct segment_command_64 *segment = (const void *)command;
      if (command->cmd == LC_SEGMENT_64) *high += segment->vmsize;
      command = (const void *)((const char *)command + command->cmdsize);
    }
    return 0;
  }
  return -1;
}

#else

int platform_condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  int error = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return error;
}

void platform_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline) {
  struct timespec until = {.tv_sec = (time_t)(deadline / SECOND), .tv_nsec = (long)(deadline % SECOND)};
  pthread_cond_timedwait(condition, mutex, &until);
}

size_t platform_pending(FILE *stream) { return __fpending(stream); }

void platform_purge(FILE *stream) { __fpurge(stream); }

/* A call through a null pointer leaves 0 as the instruction; the return address then tells who called. */
uintptr_t platform_fault_pc(const void *context) {
  const ucontext_t *machine = context;
#if defined(__x86_64__)
  uintptr_t pc = (uintptr_t)machine->uc_mcontext.gregs[REG_RIP];
  return pc != 0 ? pc : *(const uintptr_t *)machine->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
  uintptr_t pc = (uintptr_t)machine->uc_mcontext.pc;
  return pc != 0 ? pc : (uintptr_t)machine->uc_mcontext.regs[30];
#else
  (void)machine;
  return 0;
#endif
}

typedef struct range_search {
  const void *dynamic;
  uintptr_t low;
  uintptr_t high;
} range_search_t;

/* The dynamic section's address tells images apart: the load base alone may be 0 for more than one of them. */
static int match_image(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  range_search_t *search = argument;
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  const void *dynamic = NULL;
  for (ElfW(Half) n = 0; n < info->dlpi_phnum; n++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[n];
    uintptr_t start = (uintptr_t)info->dlpi_addr + (uintptr_t)header->p_vaddr;
    if (header->p_type == PT_DYNAMIC) dynamic = (const void *)start;
    if (header->p_type != PT_LOAD) continue;
    if (start < low) low = start;
    if (start + header->p_memsz > high) high = start + header->p_memsz;
  }
  if (dynamic == NULL || dynamic != search->dynamic) return 0;
  search->low = low;
  search->high = high;
  return 1;
}

int platform_image_range(void *handle, uintptr_t *low, uintptr_t *high) {
  struct link_map *map = NULL;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL) return -1;
  range_search_t search = {.dynamic = map->l_ld};
  if (dl_iterate_phdr(match_image, &search) == 0) return -1;
  *low = search.low;
  *high = search.high;
  return 0;
}

#endif
