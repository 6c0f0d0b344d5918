#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "output.h"
#include "platform.h"

#define ALTERNATE_STACK_BYTES 65536

/* What a thread is doing while it is inside a module. */
typedef struct guard {
  sigjmp_buf jump;
  const status_site_t *site;
  status_lane_name_t lane;
  bool may_jump;
  volatile int signal;
  volatile uintptr_t address;
  volatile uintptr_t pc;
  volatile uint64_t entered_at;
} guard_t;

/*
 * Read by the signal handler: the initial-exec model makes that a plain load, where the default one may allocate on a
 * thread's first use, which a handler must not.
 */
#ifdef __APPLE__
#define HANDLER_SAFE
#else
#define HANDLER_SAFE __attribute__((tls_model("initial-exec")))
#endif
static _Thread_local guard_t *volatile active HANDLER_SAFE;
static _Thread_local void *alternate_stack;
static _Thread_local stack_t stack_before;

static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
#define CAUGHT (sizeof caught / sizeof caught[0])
static struct sigaction before[CAUGHT];
static bool is_open;

static void on_fault(int signo, siginfo_t *info, void *context);
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
  is_open = true;
  return 0;
}

void guard_thread_open(void) {
  if (alternate_stack != NULL) return;
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

static void describe_fault(const guard_t *guard, guard_fault_t *fault) {
  memset(fault, 0, sizeof *fault);
  fault->signal = guard->signal;
  fault->address = guard->address;
  fault->pc = guard->pc;
  fault->entered_at = guard->entered_at;
  Dl_info found;
  if (guard->pc == 0 || dladdr((const void *)guard->pc, &found) == 0 || found.dli_sname == NULL) return;
  strncpy(fault->function, found.dli_sname, sizeof fault->function - 1);
}

bool guard_run(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument,
               guard_fault_t *fault) {
  guard_t guard;
  guard.site = site;
  guard.lane = lane;
  guard.may_jump = true;
  status_enter(lane, site);
  output_enter(lane, site->module);
  bool returned = sigsetjmp(guard.jump, 0) == 0;
  if (returned) {
    active = &guard;
    body(argument);
    active = NULL;
  } else {
    active = NULL;
    probe_allocator();
    describe_fault(&guard, fault);
  }
  output_leave(lane);
  status_leave(lane);
  return returned;
}

void guard_watch(status_lane_name_t lane, const status_site_t *site, void (*body)(void *), void *argument) {
  guard_t guard;
  guard.site = site;
  guard.lane = lane;
  guard.may_jump = false;
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

static void on_fault(int signo, siginfo_t *info, void *context) {
  guard_t *guard = active;
  uintptr_t pc = platform_fault_pc(context);
  if (guard != NULL && guard->may_jump) {
    guard->entered_at = platform_now();
    guard->signal = signo;
    guard->address = (uintptr_t)fault_address(info);
    guard->pc = pc;
    siglongjmp(guard->jump, 1);
  }
  status_site_t site = {.module = "", .call = "thread"};
  if (guard != NULL) {
    status_record_end(STATUS_SIGNAL, signo, fault_address(info), guard->site);
  } else if (image_at(pc, &site.module, &site.generation)) {
    status_record_end(STATUS_SIGNAL, signo, fault_address(info), &site);
  }
  chain(signo, info, context);
}

/* exit() runs the exit handlers on the thread that called it: inside a guarded call that thread was in a module. */
static void on_exit_call(void) {
  guard_t *guard = active;
  if (guard == NULL) return;
  status_record_end(STATUS_EXIT, 0, 0, guard->site);
  output_leave_now(guard->lane);
  _exit(EXIT_FAILURE);
}
