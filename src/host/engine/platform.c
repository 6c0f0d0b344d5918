#include "platform.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <mach-o/loader.h>
#include <sys/ucontext.h>
#else
#include <link.h>
#include <stdio_ext.h>
#include <ucontext.h>
#if defined(__aarch64__)
#include <asm/sigcontext.h>
#endif
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

void platform_read_machine(const void *context, platform_machine_t *machine) {
  const ucontext_t *from = context;
#if defined(__aarch64__)
  *machine = (platform_machine_t){.pc = (uintptr_t)from->uc_mcontext->__ss.__pc,
                                  .sp = (uintptr_t)from->uc_mcontext->__ss.__sp,
                                  .frame = (uintptr_t)from->uc_mcontext->__ss.__fp,
                                  .link = (uintptr_t)from->uc_mcontext->__ss.__lr,
                                  .context = context};
#else
  *machine = (platform_machine_t){.pc = (uintptr_t)from->uc_mcontext->__ss.__rip,
                                  .sp = (uintptr_t)from->uc_mcontext->__ss.__rsp,
                                  .frame = (uintptr_t)from->uc_mcontext->__ss.__rbp,
                                  .context = context};
#endif
}

uint32_t platform_copy_registers(const platform_machine_t *machine, uint64_t *registers) {
  if (machine->context == NULL) return 0;
  const ucontext_t *from = machine->context;
  uint32_t count = 0;
#if defined(__aarch64__)
  for (; count < 29; count++) registers[count] = from->uc_mcontext->__ss.__x[count];
  const uint64_t rest[] = {from->uc_mcontext->__ss.__fp, from->uc_mcontext->__ss.__lr, from->uc_mcontext->__ss.__sp,
                           from->uc_mcontext->__ss.__pc, from->uc_mcontext->__ss.__cpsr};
#else
  const uint64_t rest[] = {
      from->uc_mcontext->__ss.__rax, from->uc_mcontext->__ss.__rbx, from->uc_mcontext->__ss.__rcx,
      from->uc_mcontext->__ss.__rdx, from->uc_mcontext->__ss.__rsi, from->uc_mcontext->__ss.__rdi,
      from->uc_mcontext->__ss.__rbp, from->uc_mcontext->__ss.__rsp, from->uc_mcontext->__ss.__r8,
      from->uc_mcontext->__ss.__r9,  from->uc_mcontext->__ss.__r10, from->uc_mcontext->__ss.__r11,
      from->uc_mcontext->__ss.__r12, from->uc_mcontext->__ss.__r13, from->uc_mcontext->__ss.__r14,
      from->uc_mcontext->__ss.__r15, from->uc_mcontext->__ss.__rip, from->uc_mcontext->__ss.__rflags};
#endif
  for (size_t n = 0; n < sizeof rest / sizeof rest[0]; n++) registers[count++] = rest[n];
  return count;
}

uint32_t platform_copy_vectors(const platform_machine_t *machine, uint64_t *words) {
#if defined(__aarch64__)
  if (machine->context == NULL) return 0;
  const ucontext_t *from = machine->context;
  memcpy(words, from->uc_mcontext->__ns.__v, 64 * sizeof words[0]);
  words[64] = from->uc_mcontext->__ns.__fpsr;
  words[65] = from->uc_mcontext->__ns.__fpcr;
  return 66;
#else
  (void)machine;
  (void)words;
  return 0;
#endif
}

void platform_code_range(uintptr_t address, uintptr_t *low, uintptr_t *high) {
  Dl_info found;
  *low = 0;
  *high = 0;
  if (dladdr((const void *)address, &found) == 0) return;
  const struct mach_header_64 *header = found.dli_fbase;
  const struct load_command *command = (const void *)(header + 1);
  *low = (uintptr_t)header;
  *high = *low;
  for (uint32_t n = 0; n < header->ncmds; n++) {
    const struct segment_command_64 *segment = (const void *)command;
    if (command->cmd == LC_SEGMENT_64) *high += segment->vmsize;
    command = (const void *)((const char *)command + command->cmdsize);
  }
}

const unsigned char *platform_unwind_header(uintptr_t address) {
  (void)address;
  return NULL;
}

void platform_thread_stack(uintptr_t *low, uintptr_t *high) {
  *high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
  *low = *high - pthread_get_stacksize_np(pthread_self());
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

void platform_read_machine(const void *context, platform_machine_t *machine) {
  const ucontext_t *from = context;
#if defined(__x86_64__)
  *machine = (platform_machine_t){.pc = (uintptr_t)from->uc_mcontext.gregs[REG_RIP],
                                  .sp = (uintptr_t)from->uc_mcontext.gregs[REG_RSP],
                                  .frame = (uintptr_t)from->uc_mcontext.gregs[REG_RBP],
                                  .context = context};
#elif defined(__aarch64__)
  *machine = (platform_machine_t){.pc = (uintptr_t)from->uc_mcontext.pc,
                                  .sp = (uintptr_t)from->uc_mcontext.sp,
                                  .frame = (uintptr_t)from->uc_mcontext.regs[29],
                                  .link = (uintptr_t)from->uc_mcontext.regs[30],
                                  .context = context};
#else
  (void)from;
  *machine = (platform_machine_t){.context = NULL};
#endif
}

uint32_t platform_copy_registers(const platform_machine_t *machine, uint64_t *registers) {
  if (machine->context == NULL) return 0;
  const ucontext_t *from = machine->context;
  uint32_t count = 0;
#if defined(__x86_64__)
  static const int order[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                              REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL};
  for (; count < sizeof order / sizeof order[0]; count++) {
    registers[count] = (uint64_t)from->uc_mcontext.gregs[order[count]];
  }
#elif defined(__aarch64__)
  for (; count < 31; count++) registers[count] = from->uc_mcontext.regs[count];
  registers[count++] = from->uc_mcontext.sp;
  registers[count++] = from->uc_mcontext.pc;
  registers[count++] = from->uc_mcontext.pstate;
#else
  (void)from;
  (void)registers;
#endif
  return count;
}

#if defined(__aarch64__)
/*
 * The kernel puts what is beside the general-purpose registers into records behind them, each with a number and its size,
 * the last one without any (Linux, arch/arm64/include/uapi/asm/sigcontext.h).
 */
uint32_t platform_copy_vectors(const platform_machine_t *machine, uint64_t *words) {
  if (machine->context == NULL) return 0;
  const ucontext_t *from = machine->context;
  const unsigned char *at = (const unsigned char *)from->uc_mcontext.__reserved;
  const unsigned char *end = at + sizeof from->uc_mcontext.__reserved;
  struct fpsimd_context found;
  while (at + sizeof found.head <= end) {
    memcpy(&found.head, at, sizeof found.head);
    if (found.head.magic == 0 || found.head.size < sizeof found.head) return 0;
    if (found.head.magic == FPSIMD_MAGIC && at + sizeof found <= end) {
      memcpy(&found, at, sizeof found);
      memcpy(words, found.vregs, 64 * sizeof words[0]);
      words[64] = found.fpsr;
      words[65] = found.fpcr;
      return 66;
    }
    at += found.head.size;
  }
  return 0;
}
#else
uint32_t platform_copy_vectors(const platform_machine_t *machine, uint64_t *words) {
  (void)machine;
  (void)words;
  return 0;
}
#endif

/* glibc's own unwinder asks the same: it takes no lock and allocates nothing (glibc manual, "Dynamic Linker Introspection"). */
const unsigned char *platform_unwind_header(uintptr_t address) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
  struct dl_find_object found;
  return _dl_find_object((void *)address, &found) == 0 ? found.dlfo_eh_frame : NULL;
#else
  (void)address;
  return NULL;
#endif
}

typedef struct code_search {
  uintptr_t address;
  uintptr_t low;
  uintptr_t high;
} code_search_t;

static int match_code(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  code_search_t *search = argument;
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  for (ElfW(Half) n = 0; n < info->dlpi_phnum; n++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[n];
    uintptr_t start = (uintptr_t)info->dlpi_addr + (uintptr_t)header->p_vaddr;
    if (header->p_type != PT_LOAD) continue;
    if (start < low) low = start;
    if (start + header->p_memsz > high) high = start + header->p_memsz;
  }
  if (search->address < low || search->address >= high) return 0;
  search->low = low;
  search->high = high;
  return 1;
}

void platform_code_range(uintptr_t address, uintptr_t *low, uintptr_t *high) {
  code_search_t search = {.address = address};
  dl_iterate_phdr(match_code, &search);
  *low = search.low;
  *high = search.high;
}

void platform_thread_stack(uintptr_t *low, uintptr_t *high) {
  pthread_attr_t attributes;
  void *start = NULL;
  size_t size = 0;
  *low = 0;
  *high = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  if (pthread_attr_getstack(&attributes, &start, &size) == 0) {
    *low = (uintptr_t)start;
    *high = *low + size;
  }
  pthread_attr_destroy(&attributes);
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
