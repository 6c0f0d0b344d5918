#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "image.h"
#include "output.h"
#include "platform.h"
#include "stack.h"
#include "threads.h"

#define ALTERNATE_STACK_BYTES 65536

/* What a thread is doing while it is inside a module. */
typedef struct guard {
  sigjmp_buf jump;
  const status_site_t *site;
  status_lane_name_t lane;
  bool may_jump;
  volatile int signal;
  volatile uintptr_t address;
  volatile uint64_t entered_at;
  hot_stack_t *stack;
} guard_t;

static _Thread_local guard_t *volatile active HANDLER_SAFE;
static _Thread_local void *alternate_stack;
static _Thread_local stack_t stack_before;

static const int caught[] = {
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
#if defined(__aarch64__)
    SIGTRAP, /* __builtin_trap is a breakpoint there (BRK), which a debugger takes before this does */
#endif
};
#define CAUGHT (sizeof caught / sizeof caught[0])
static struct sigaction before[CAUGHT];
static bool is_open;

/* Who is inside a module, for the signal that asks where. */
static pthread_t lane_threads[STATUS_LANES];

static void on_fault(int signo, siginfo_t *info, void *context);
static void take_questions(void);
static void on_exit_call(void);

int guard_open(void) {
  if (is_open) return 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  /* SA_NODEFER leaves the signal mask alone, so that guard_run needs no system call to save and restore it. */
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (size_t n = 0; n < CAUGHT; n++) {
    if (sigaction(caught[n], &action, &before[n]) != 0) return -1;
  }
  if (atexit(on_exit_call) != 0) return -1;
  stack_open();
  take_questions();
  threads_open();
  is_open = true;
  return 0;
}

void guard_thread_open(void) {
  if (alternate_stack != NULL) return;
  stack_thread_open();
  alternate_stack = malloc(ALTERNATE_STACK_BYTES);
  if (alternate_stack == NULL) return;
  stack_t stack = {.ss_sp = alternate_stack, .ss_size = ALTERNATE_STACK_BYTES, .ss_flags = 0};
  if (sigaltstack(&stack, &stack_before) == 0) return;
  free(alternate_stack);
  alternate_stack = NULL;
}

void guard_thread_close(void) {
  if (alternate_stack == NULL) return;
  sigaltstack(&stack_before, NULL);
  free(alternate_stack);
  alternate_stack = NULL;
}

/*
 * A crash inside malloc leaves its lock taken, and the next allocation of this thread would wait for ever. Better now,
 * while the status file still names the call, so that the watchdog tells the right story. The size is one that no
 * thread-local cache serves.
 */
static void probe_allocator(void) {
  void *volatile probe = malloc(4096);
  free(probe);
}

/* The innermost frame inside a module; the innermost of all where none is. */
static const hot_stack_frame_t *frame_to_blame(const hot_stack_t *stack) {
  for (size_t n = 0; n < stack->count; n++) {
    if (stack->frames[n].image != 0) return &stack->frames[n];
  }
  return &stack->frames[0];
}

static void describe_fault(const guard_t *guard, guard_fault_t *fault) {
  fault->signal = guard->signal;
  fault->address = guard->address;
  fault->entered_at = guard->entered_at;
  fault->overflow = (guard->signal == SIGSEGV || guard->signal == SIGBUS) && stack_is_beyond(guard->address);
  memset(fault->function, 0, sizeof fault->function);
  const hot_stack_frame_t *frame = frame_to_blame(&fault->stack);
  uintptr_t pc = (uintptr_t)frame->pc - ((frame->flags & HOT_FRAME_RETURN) != 0);
  Dl_info found;
  fault->pc = frame->image != 0 ? pc : 0;
  if (dladdr((const void *)pc, &found) == 0 || found.dli_sname == NULL) return;
  strncpy(fault->function, found.dli_sname, sizeof fault->function - 1);
}

bool guard_run(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument,
               guard_fault_t *fault) {
  guard_t guard;
  guard.site = site;
  guard.lane = lane;
  guard.may_jump = true;
  guard.stack = &fault->stack;
  lane_threads[lane] = pthread_self();
  status_enter(lane, site);
  output_enter(lane, site->module);
  bool returned = sigsetjmp(guard.jump, 0) == 0;
  if (returned) {
    active = &guard;
    body(argument);
    active = NULL;
  } else {
    active = NULL;
    arena_abandon();
    probe_allocator();
    describe_fault(&guard, fault);
  }
  output_leave(lane);
  status_leave(lane);
  return returned;
}

void guard_tell(const guard_fault_t *fault, const status_site_t *site, hot_failure_t *failure) {
  failure->problem = HOT_CRASHED;
  failure->signal = fault->signal;
  failure->address = fault->address;
  failure->pc = fault->pc;
  failure->entered_at = fault->entered_at;
  failure->overflow = fault->overflow;
  memcpy(failure->module, site->module, sizeof failure->module);
  strncpy(failure->call, site->call, sizeof failure->call - 1);
  memcpy(failure->text, fault->function, sizeof fault->function);
  failure->stack = fault->stack;
}

void guard_watch(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument) {
  guard_t guard;
  guard.site = site;
  guard.lane = lane;
  guard.may_jump = false;
  lane_threads[lane] = pthread_self();
  status_enter(lane, site);
  output_enter(lane, site->module);
  active = &guard;
  body(argument);
  active = NULL;
  output_leave(lane);
  status_leave(lane);
}

static uint64_t fault_address(const siginfo_t *info) {
  return info->si_signo == SIGABRT ? 0 : (uint64_t)(uintptr_t)info->si_addr;
}

/* Hands a fault that is not ours to take to whoever handled it before us. */
static void chain(int signo, siginfo_t *info, void *context) {
  for (size_t n = 0; n < CAUGHT; n++) {
    if (caught[n] != signo) continue;
    if ((before[n].sa_flags & SA_SIGINFO) != 0) {
      before[n].sa_sigaction(signo, info, context);
    } else if (before[n].sa_handler != SIG_DFL && before[n].sa_handler != SIG_IGN) {
      before[n].sa_handler(signo);
    } else {
      signal(signo, SIG_DFL);
      raise(signo);
    }
    return;
  }
}

/* A fault outside of calls that can be abandoned: whose it is, for whoever looks after the process has ended. */
static void record_fatal(int signo, const siginfo_t *info, const void *context, const guard_t *guard) {
  hot_stack_t *stack = status_end_stack();
  if (stack == NULL) return;
  stack_capture(info, context, guard, stack);
  const hot_stack_frame_t *frame = frame_to_blame(stack);
  status_site_t site = {.module = "", .call = "thread"};
  if (frame->image != 0) {
    site.module = stack->images[frame->image - 1].module;
    site.generation = stack->images[frame->image - 1].generation;
    image_place_t place;
    if (image_at((uintptr_t)frame->pc, &place)) site.frames = place.frames;
  }
  if (guard != NULL) status_record_end(STATUS_SIGNAL, signo, fault_address(info), guard->site);
  else if (frame->image != 0) status_record_end(STATUS_SIGNAL, signo, fault_address(info), &site);
}

static void on_fault(int signo, siginfo_t *info, void *context) {
  stack_escape();
  guard_t *guard = active;
  if (guard != NULL && guard->may_jump) {
    guard->entered_at = platform_now();
    guard->signal = signo;
    guard->address = (uintptr_t)fault_address(info);
    stack_capture(info, context, guard, guard->stack);
    siglongjmp(guard->jump, 1);
  }
  record_fatal(signo, info, context, guard);
  chain(signo, info, context);
}

#ifdef SIGRTMIN
/*
 * Asked where a call is that does not return: the thread that makes it writes its stack into the status file. The question
 * comes to any thread of the process, which passes it on.
 */
static void on_question(int signo, siginfo_t *info, void *context) {
  int error = errno;
  const guard_t *guard = active;
  if (guard != NULL) {
    stack_capture(NULL, context, guard, status_hang_stack());
    status_hang_done(guard->lane);
  }
  for (int lane = 0; lane < STATUS_LANES && info->si_code != SI_TKILL; lane++) {
    if (!status_is_busy((status_lane_name_t)lane) || pthread_equal(lane_threads[lane], pthread_self())) continue;
    pthread_kill(lane_threads[lane], signo);
  }
  errno = error;
}

/* Real-time signals are nobody's by default; the first ones are those that programs take for themselves. */
static void take_questions(void) {
  const int question = SIGRTMIN + 9;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_question;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(question, &action, NULL) == 0) status_take_questions(question);
}
#else
static void take_questions(void) {}
#endif

/* exit() runs the exit handlers on the thread that called it: inside a guarded call that thread was in a module. */
static void on_exit_call(void) {
  guard_t *guard = active;
  if (guard == NULL) return;
  hot_stack_t *stack = status_end_stack();
  if (stack != NULL) stack_capture_here(guard, stack);
  status_record_end(STATUS_EXIT, 0, 0, guard->site);
  output_leave_now(guard->lane);
  _exit(EXIT_FAILURE);
}
