#include "threads.h"

#include "platform.h"

#ifdef __linux__

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "code.h"
#include "hotmod_engine.h"
#include "maps.h"
#include "memory.h"
#include "pages.h"
#include "wipe.h"

#define WORD sizeof(uintptr_t)
#define BLOCK (1u << 16)
#define PAGE 4096u
/* Bytes of a stack that are looked at where nobody knows how large it is. */
#define BLIND_SEARCH 65536
/* What a function may use below its stack pointer (System V AMD64 ABI 3.2.2). */
#define RED_ZONE 128
/* The C library's own data of a thread, behind its list of robust mutexes. */
#define THREAD_DATA 4096u
#define ANSWER_NS 200000000ull
#define POLL_NS 20000
#define LOOK_NS 1000000

/* One question at a time. A late answer finds another number, or none, and is not given. */
static struct {
  _Atomic int32_t asked;    /* who; 0: nobody, negative: that one is answering */
  _Atomic int32_t answered; /* who has */
  uintptr_t pc;
  uintptr_t sp;
  uint64_t registers[HOT_REGISTERS];
  uint32_t register_count;
} question;

static int question_signal; /* 0: none could be taken */

/*
 * Where the system does not tell where stacks are (user-mode emulators do not), a thread that takes no signals could never
 * be ruled out. Those that were there before any module, and took none then, have one task and keep to it: the emulator's
 * own threads, and the one by which Node waits for a debugger.
 */
#define BYSTANDERS_MAX 16
static int32_t bystanders[BYSTANDERS_MAX];
static size_t bystander_count;

typedef struct seen {
  thread_t thread;
  bool computes;
  uintptr_t data;  /* an address at the top of its stack; 0 where unknown */
  uintptr_t start; /* what is mapped around its stack; both 0 where unknown */
  uintptr_t end;
} seen_t;

typedef struct list {
  seen_t *items;
  size_t count;
  size_t capacity;
} list_t;

typedef enum answer { ANSWERED, SILENT, ENDED } answer_t;

static bool list_threads(list_t *list);
static void find_stacks(list_t *list, uintptr_t here);
static bool has_trace(const thread_search_t *search, const seen_t *seen, const pages_t *pages);
static void starts_there(const thread_search_t *search, const seen_t *seen);
static void look_inside(const thread_search_t *search, seen_t *seen, const pages_t *pages);
static answer_t ask(int32_t id);
static void tell_answer(const thread_search_t *search, const seen_t *seen);
static void scan_stack(const thread_search_t *search, const seen_t *seen, uintptr_t from);
static bool is_computing(int32_t id);
static bool blocks_question(int32_t id);

static void on_question(int signo, siginfo_t *info, void *context) {
  (void)signo;
  (void)info;
  int error = errno;
  int32_t own = (int32_t)syscall(SYS_gettid);
  int32_t asked = own;
  if (atomic_compare_exchange_strong(&question.asked, &asked, -own)) {
    platform_machine_t machine;
    platform_read_machine(context, &machine);
    question.pc = machine.pc;
    question.sp = machine.sp;
    question.register_count = platform_copy_registers(&machine, question.registers);
    atomic_store(&question.answered, own);
  }
  errno = error;
}

static bool tells_stacks(void) {
  void *head = NULL;
  size_t size = 0;
  return syscall(SYS_get_robust_list, 0L, &head, &size) == 0 || errno != ENOSYS;
}

static void note_bystanders(void) {
  list_t list = {0};
  bystander_count = 0;
  if (tells_stacks() || !list_threads(&list)) return;
  int32_t first = (int32_t)getpid();
  for (size_t n = 0; n < list.count && bystander_count < BYSTANDERS_MAX; n++) {
    int32_t id = list.items[n].thread.id;
    if (id != first && blocks_question(id)) bystanders[bystander_count++] = id;
  }
  free(list.items);
}

static bool is_bystander(int32_t id) {
  for (size_t n = 0; n < bystander_count; n++) {
    if (bystanders[n] == id) return blocks_question(id);
  }
  return false;
}

void threads_open(void) {
  const int wanted = SIGRTMIN + 10;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_question;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(wanted, &action, NULL) != 0) return;
  question_signal = wanted;
  note_bystanders();
}

/* What was answered are addresses, and a search of memory must not find them here. */
static void forget_answer(void) {
  question.pc = 0;
  question.sp = 0;
  wipe(question.registers, sizeof question.registers);
}

bool threads_search(const thread_search_t *search, uintptr_t here) {
  list_t list = {0};
  pages_t pages;
  if (!list_threads(&list)) return false;
  find_stacks(&list, here);
  pages_open(&pages);
  int32_t own = (int32_t)syscall(SYS_gettid);
  /* What is certain comes first: of code that was found to be in use nobody is asked any more. */
  for (size_t n = 0; n < list.count; n++) {
    if (list.items[n].thread.id != own) starts_there(search, &list.items[n]);
  }
  for (size_t n = 0; n < list.count; n++) {
    seen_t *seen = &list.items[n];
    if (seen->thread.id == own) scan_stack(search, seen, here);
    else if (is_bystander(seen->thread.id)) continue;
    else if (seen->computes || has_trace(search, seen, &pages)) look_inside(search, seen, &pages);
  }
  pages_close(&pages);
  free(list.items);
  return true;
}

static size_t read_small(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : read(file, text, size - 1);
  if (file >= 0) close(file);
  text[got > 0 ? got : 0] = 0;
  return got > 0 ? (size_t)got : 0;
}

/* `id (name) state ...`, where the name may hold anything (proc_pid_stat(5)). */
static bool read_state(int32_t id, char name[16], char *state) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", id);
  if (read_small(path, text, sizeof text) == 0) return false;
  const char *start = strchr(text, '(');
  const char *end = strrchr(text, ')');
  if (start == NULL || end == NULL || end[1] != ' ') return false;
  size_t length = (size_t)(end - start - 1);
  if (length > 15) length = 15;
  memcpy(name, start + 1, length);
  name[length] = 0;
  *state = end[2];
  return true;
}

static bool is_computing(int32_t id) {
  char name[16];
  char state;
  return read_state(id, name, &state) && state == 'R';
}

static bool list_threads(list_t *list) {
  DIR *folder = opendir("/proc/self/task");
  if (folder == NULL) return false;
  bool whole = true;
  const struct dirent *entry;
  while (whole && (entry = readdir(folder)) != NULL) {
    seen_t seen = {.thread.id = (int32_t)strtol(entry->d_name, NULL, 10)};
    char state;
    if (seen.thread.id == 0 || !read_state(seen.thread.id, seen.thread.name, &state)) continue;
    seen.computes = state == 'R';
    void *head = NULL;
    size_t size = 0;
    if (syscall(SYS_get_robust_list, (long)seen.thread.id, &head, &size) == 0) seen.data = (uintptr_t)head;
    if (list->count == list->capacity) {
      size_t capacity = list->capacity == 0 ? 32 : list->capacity * 2;
      seen_t *grown = realloc(list->items, capacity * sizeof *grown);
      whole = grown != NULL;
      if (!whole) continue;
      list->items = grown;
      list->capacity = capacity;
    }
    list->items[list->count++] = seen;
  }
  closedir(folder);
  if (!whole) free(list->items);
  return whole;
}

/* The first thread's own data does not lie on its stack, which the system made and names. */
static void find_stacks(list_t *list, uintptr_t here) {
  maps_t maps;
  int32_t own = (int32_t)syscall(SYS_gettid);
  int32_t first = (int32_t)getpid();
  if (!maps_open(&maps)) return;
  while (maps_next(&maps)) {
    for (size_t n = 0; n < list->count; n++) {
      seen_t *seen = &list->items[n];
      uintptr_t inside = seen->thread.id == own ? here : seen->data;
      bool is_stack = seen->thread.id == first ? strcmp(maps.path, "[stack]") == 0
                                               : inside >= maps.start && inside < maps.end;
      if (!is_stack) continue;
      seen->start = maps.start;
      seen->end = maps.end;
      bool shorter = seen->thread.id != first && seen->thread.id != own && maps.end - inside > THREAD_DATA;
      if (shorter) seen->end = inside + THREAD_DATA;
    }
  }
  maps_close(&maps);
}

static bool returns_to(const thread_search_t *search, uintptr_t address) {
  unsigned char before[CODE_BEFORE];
  if (!search->concerns(address - 1)) return false;
  return memory_read(address - sizeof before, before, sizeof before) && code_is_call(before, address);
}

/* Calls take with each return address on a stretch of stack, until it answers true. */
typedef bool (*take_t)(const thread_search_t *search, const seen_t *seen, uintptr_t address);

static bool scan_words(const thread_search_t *search, const seen_t *seen, uintptr_t from, uintptr_t end, take_t take) {
  static unsigned char block[BLOCK] __attribute__((aligned(16)));
  bool stopped = false;
  from = from / WORD * WORD;
  for (uintptr_t at = from; at < end && !stopped; at += BLOCK) {
    size_t part = end - at < BLOCK ? end - at : BLOCK;
    if (!memory_read(at, block, part)) {
      if (part > PAGE) {
        for (uintptr_t page = at; page < at + part && !stopped; page += PAGE) {
          uintptr_t stop = page + PAGE < at + part ? page + PAGE : at + part;
          stopped = scan_words(search, seen, page, stop, take);
        }
      }
      continue;
    }
    for (size_t offset = 0; offset + WORD <= part && !stopped; offset += WORD) {
      uintptr_t word;
      memcpy(&word, block + offset, WORD);
      if (word - search->low > search->size) continue;
      if (returns_to(search, word)) stopped = take(search, seen, word);
    }
  }
  wipe(block, sizeof block);
  return stopped;
}

static bool take_any(const thread_search_t *search, const seen_t *seen, uintptr_t address) {
  (void)search;
  (void)seen;
  (void)address;
  return true;
}

/* A thread whose stack is not known may have anything on it. */
static bool has_trace(const thread_search_t *search, const seen_t *seen, const pages_t *pages) {
  if (seen->end == 0) return true;
  uintptr_t from, stop;
  for (uintptr_t at = seen->start; at < seen->end && pages_next_used(pages, at, seen->end, &from, &stop); at = stop) {
    if (scan_words(search, seen, from, stop, take_any)) return true;
  }
  return false;
}

/* The first thread was started by the system. */
static void starts_there(const thread_search_t *search, const seen_t *seen) {
  uintptr_t words[THREAD_DATA / WORD];
  bool known = seen->data >= seen->start && seen->data < seen->end;
  uintptr_t end = known && seen->end - seen->data < sizeof words ? seen->end : seen->data + sizeof words;
  if (!known || !memory_read(seen->data, words, end - seen->data)) return;
  bool found = false;
  for (size_t n = 0; n < (end - seen->data) / WORD && !found; n++) {
    found = words[n] - search->low < search->size && search->concerns(words[n]);
    if (found) search->found(&seen->thread, words[n]);
  }
  wipe(words, sizeof words);
}

/*
 * Of a thread that does not answer. Where its stack has no trace of the code it can only be inside while it computes, in a
 * function that calls nothing: seen waiting just once, it is not.
 */
static bool may_be_inside(const thread_search_t *search, const seen_t *seen, const pages_t *pages) {
  uint64_t deadline = platform_now() + ANSWER_NS;
  while (is_computing(seen->thread.id)) {
    if (has_trace(search, seen, pages) || platform_now() > deadline) return true;
    nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
  }
  return has_trace(search, seen, pages);
}

static void look_inside(const thread_search_t *search, seen_t *seen, const pages_t *pages) {
  answer_t answer = ask(seen->thread.id);
  seen->thread.silent = answer == SILENT && may_be_inside(search, seen, pages);
  if (seen->thread.silent) search->found(&seen->thread, 0);
  if (answer == ANSWERED) tell_answer(search, seen);
  forget_answer();
}

/* `SigBlk:` and a bit for each signal that the thread blocks, the first one lowest (proc_pid_status(5)). */
static bool blocks_question(int32_t id) {
  char path[64];
  char text[2048];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", id);
  read_small(path, text, sizeof text);
  const char *line = strstr(text, "\nSigBlk:");
  return line != NULL && (strtoull(line + 8, NULL, 16) >> (question_signal - 1) & 1) != 0;
}

static answer_t ask(int32_t id) {
  if (question_signal == 0 || blocks_question(id)) return SILENT;
  atomic_store(&question.answered, 0);
  atomic_store(&question.asked, id);
  if (syscall(SYS_tgkill, (long)getpid(), (long)id, (long)question_signal) != 0) {
    atomic_store(&question.asked, 0);
    return errno == ESRCH ? ENDED : SILENT;
  }
  uint64_t deadline = platform_now() + ANSWER_NS;
  while (atomic_load(&question.answered) != id) {
    int32_t asked = id;
    if (platform_now() > deadline && atomic_compare_exchange_strong(&question.asked, &asked, 0)) return SILENT;
    nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
  }
  atomic_store(&question.asked, 0);
  return ANSWERED;
}

static bool take_found(const thread_search_t *search, const seen_t *seen, uintptr_t address) {
  search->found(&seen->thread, address);
  return false;
}

static void scan_stack(const thread_search_t *search, const seen_t *seen, uintptr_t from) {
  if (seen->end == 0 || from < seen->start || from >= seen->end) return;
  scan_words(search, seen, from, seen->end, take_found);
}

/* One that is on a stack of its own making, such as that of a coroutine, goes back to its first one some time. */
static void tell_answer(const thread_search_t *search, const seen_t *seen) {
  if (search->concerns(question.pc)) search->found(&seen->thread, question.pc);
  for (uint32_t n = 0; n < question.register_count; n++) {
    uintptr_t word = (uintptr_t)question.registers[n];
    if (search->concerns(word)) search->found(&seen->thread, word);
  }
  uintptr_t sp = question.sp - RED_ZONE;
  bool elsewhere = sp < seen->start || sp >= seen->end;
  if (elsewhere) scan_words(search, seen, sp, sp + BLIND_SEARCH, take_found);
  scan_stack(search, seen, elsewhere ? seen->start : sp);
}

#else

void threads_open(void) {}

bool threads_search(const thread_search_t *search, uintptr_t here) {
  (void)search;
  (void)here;
  return false;
}

#endif
