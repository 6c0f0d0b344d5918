/*
 * hotmod_engine.h: the engine's public interface, for the program that hosts modules.
 *
 * The engine keeps a table of modules, runs their update functions frame by frame on a thread of its own, catches
 * faults inside them, and switches them to new versions at a frame boundary. Which library to load and whether it is safe to
 * is the caller's business; what is done about a fault the caller says once, in numbers (hot_recovery_t), because it is
 * done before the next frame.
 *
 * There is one engine in a process, because signal handlers and standard output are the process's own. Every function
 * may be called from any thread except the engine's (that is, never from a module); calls that change modules wait for
 * one another. Times are nanoseconds of the monotonic clock. No function keeps a pointer it was given.
 */
#ifndef HOTMOD_ENGINE_H
#define HOTMOD_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOT_EXPORT __attribute__((visibility("default")))

/* Longest module name and version in bytes, with the final NUL. */
#define HOT_NAME_MAX 128
#define HOT_TEXT_MAX 1024
/* Longest text taken from a module_view, in bytes without the final NUL. */
#define HOT_VIEW_MAX 65536

/* What kind a crash is of: policies are given by it. */
typedef enum hot_crash_kind {
  HOT_CRASH_SEGV,
  HOT_CRASH_BUS,
  HOT_CRASH_ILL,
  HOT_CRASH_FPE,
  HOT_CRASH_ABORT,
  HOT_CRASH_STACK_OVERFLOW,
  HOT_CRASH_KINDS
} hot_crash_kind_t;

/* What is done about it. Each but HOT_POLICY_STOP is bounded by the number of crashes that are forgiven. */
typedef enum hot_policy {
  HOT_POLICY_DEFAULT,        /* back to the version before on probation, on with the same one after it */
  HOT_POLICY_ROLL_BACK,      /* back whenever there is a version before; on otherwise */
  HOT_POLICY_GO_ON,          /* on, on probation too */
  HOT_POLICY_RESTART_MODULE, /* out of the frame loop: the caller starts the same version anew */
  HOT_POLICY_RESTART_HOST,   /* out of the frame loop: the caller starts another process */
  HOT_POLICY_STOP            /* out of the frame loop */
} hot_policy_t;

/* What the engine does about a crash inside a guarded call. All zero: the module leaves the frame loop at its first one. */
typedef struct hot_recovery {
  /* A version that crashes before it has run so many frames is taken back, with all that came with it. */
  uint32_t probation_frames;
  /* A module that crashes more often than restart_max times within restart_within_ms milliseconds is stopped. */
  uint32_t restart_max;
  uint32_t restart_within_ms;
  /* Non-zero: the variables of all modules are copied at the start of each frame, and a crash goes back to that. */
  int frame_copies;
  /* Bytes of variables above which a module goes without a copy. */
  uint64_t frame_copy_limit;
  hot_policy_t policy[HOT_CRASH_KINDS];
  /*
   * Non-zero: an update that crashes is called once more, with the variables of the frame boundary. For an emulator, whose
   * own faults do not repeat themselves.
   */
  int retry_once;
} hot_recovery_t;

typedef struct hot_options {
  /* File that tells a watching process what the engine is doing (status.h); NULL for none. */
  const char *status_path;
  /* Frames a second. */
  double rate;
  /* Non-zero: frames run only in hot_step. */
  int stepped;
  /* Non-zero: put markers around what modules write to stdout and stderr (output.h). */
  int mark_output;
  /* File to keep the copies of the variables in, for the process that takes over (vault.h); NULL for none. */
  const char *copies_path;
  hot_recovery_t recovery;
} hot_options_t;

/* Symbol names to look for, separated by commas, best first. */
typedef struct hot_entry_names {
  const char *get_interface;
  const char *init;
  const char *update;
  const char *shutdown;
  const char *save_state;
  const char *load_state;
  const char *view;
} hot_entry_names_t;

/* Steps of the reload protocol in the order they run. */
typedef enum hot_step {
  HOT_STEP_PREPARE,
  HOT_STEP_SAVE,
  HOT_STEP_TRANSFER,
  HOT_STEP_MIGRATE,
  HOT_STEP_INIT,
  HOT_STEP_LOAD,
  HOT_STEP_COMPLETE,
  HOT_STEP_SWITCH,
  HOT_STEP_RETIRE,
  HOT_STEP_COUNT
} hot_step_t;

#define HOT_STACK_FRAMES 64
/* Of a deeper stack this many frames from the fault on are kept, and the rest from its other end. */
#define HOT_STACK_HEAD 48
#define HOT_STACK_IMAGES 8
#define HOT_REGISTERS 34
/* 128-bit vector registers as two words each, the lower one first, and behind them the status and control words. */
#define HOT_VECTOR_WORDS (2 * 32 + 2)

typedef enum hot_frame_flag {
  HOT_FRAME_RETURN = 1, /* pc is where a call returns to: the call itself lies before it */
  HOT_FRAME_GUESSED = 2 /* found by searching the stack, not by following frame pointers */
} hot_frame_flag_t;

typedef struct hot_stack_frame {
  uint64_t pc;
  uint32_t flags; /* hot_frame_flag_t bits */
  uint32_t image; /* its place in images, from 1; 0 where it lies in no module */
} hot_stack_frame_t;

typedef struct hot_stack_image {
  uint64_t base; /* what was added to the addresses in the library's file */
  uint32_t generation;
  uint32_t reserved;
  char module[HOT_NAME_MAX];
} hot_stack_image_t;

/* The calls that led to a fault, the innermost first, and the registers at the fault (stack.h). */
typedef struct hot_stack {
  uint32_t count;
  uint32_t image_count;
  uint32_t register_count; /* 18 on x86-64, 34 on AArch64 (platform.h); 0 where they are not known */
  uint32_t vector_words; /* 66 on AArch64: v0 to v31, fpsr, fpcr; 0 where they are not known */
  uint64_t left_out; /* frames between the first HOT_STACK_HEAD and the others */
  uint64_t registers[HOT_REGISTERS];
  uint64_t vectors[HOT_VECTOR_WORDS];
  hot_stack_frame_t frames[HOT_STACK_FRAMES];
  hot_stack_image_t images[HOT_STACK_IMAGES];
} hot_stack_t;

typedef enum hot_problem {
  HOT_OK = 0,
  HOT_NOT_LOADED,     /* the loader refused the library; text is its reason */
  HOT_NO_ENTRY,       /* no entry function, or it returned NULL */
  HOT_WRONG_API,      /* value is the api_version found */
  HOT_RETURNED,       /* a step returned value instead of 0 */
  HOT_CRASHED,        /* a step was abandoned with signal; text is the function, call the guarded call */
  HOT_NOT_STAGED,     /* commit of a module that has no staged version */
  HOT_NOTHING_BEFORE, /* revert without a version before */
  HOT_NO_MEMORY,
  HOT_NOT_STARTED,
  HOT_BAD_PLAN,        /* a transfer plan that is no plan, or does not fit the images */
  HOT_TRANSFER_REFUSED, /* value is the check that must hold and does not, address what it found */
  HOT_NO_MIGRATION,    /* no steps lead from version value of the saved state to version address */
  HOT_BAD_STATE,       /* the saved bytes cannot be used; text says what is wrong with them */
  HOT_UNBOUND,         /* no module provides what it uses; text is `symbol of module` */
  HOT_CRITICAL,        /* the version that runs is in a critical section; text is what it said */
  HOT_STALE_BASE,      /* another generation runs than the caller expects: value, 0 where none does */
  HOT_PAST_ADDRESS     /* memory taken over from an ended process holds what may be an address of that: address */
} hot_problem_t;

/* What went wrong, for the caller to put into words. problem is HOT_OK where nothing did. */
typedef struct hot_failure {
  hot_problem_t problem;
  hot_step_t step;
  int value;
  int signal;
  uint64_t address;
  uint64_t pc;         /* of a crash: the instruction, 0 where unknown */
  uint64_t entered_at; /* of a crash: when the signal came */
  int overflow;        /* of a crash: the stack was full */
  char module[HOT_NAME_MAX];
  char call[32];
  char text[HOT_TEXT_MAX];
  hot_stack_t stack; /* of HOT_CRASHED */
} hot_failure_t;

/* One bit a hook, in the order of module_vtable_t. */
typedef enum hot_hook {
  HOT_HOOK_INIT = 1 << 0,
  HOT_HOOK_SHUTDOWN = 1 << 1,
  HOT_HOOK_UPDATE = 1 << 2,
  HOT_HOOK_SAVE = 1 << 3,
  HOT_HOOK_LOAD = 1 << 4,
  HOT_HOOK_MIGRATE = 1 << 5,
  HOT_HOOK_PREPARE = 1 << 6,
  HOT_HOOK_COMPLETE = 1 << 7,
  HOT_HOOK_ROLLBACK = 1 << 8
} hot_hook_t;

typedef struct hot_module_facts {
  int has_interface; /* 0: plain functions */
  char name[HOT_NAME_MAX];
  char version[HOT_NAME_MAX];
  uint32_t api_version;
  uint32_t hooks; /* hot_hook_t bits */
  int has_view;
} hot_module_facts_t;

/* How the state of a module gets from the version that runs to the one that waits (plan.h). */
typedef enum hot_transfer {
  HOT_TRANSFER_VARIABLES, /* from image to image; save_state, init, load_state and shutdown are not called */
  HOT_TRANSFER_SAVED      /* the bytes that save_state gave are converted before load_state */
} hot_transfer_t;

/* What becomes of the old image once it is no longer the way back (search.h). */
typedef enum hot_old_image { HOT_OLD_CLOSE, HOT_OLD_SEARCH, HOT_OLD_KEEP } hot_old_image_t;

typedef struct hot_transfer_request {
  hot_transfer_t what;
  hot_old_image_t old_image;
  size_t size; /* bytes of the converted state */
  const void *plan;
  size_t plan_size;
  const uint32_t *must_hold; /* numbers of the checks that refuse where they find something */
  size_t must_count;
} hot_transfer_request_t;

/* What one check of a plan found: how many, and of the first the value and the element it stands in. */
typedef struct hot_finding {
  uint32_t check;
  uint64_t count;
  uint64_t value;
  uint64_t round;
} hot_finding_t;

/* State of one module after a commit that succeeded. */
typedef struct hot_committed {
  char module[HOT_NAME_MAX];
  uint64_t step_ns[HOT_STEP_COUNT];
  uint32_t steps_run; /* bit n: step n ran */
  uint64_t state_bytes;
  int state_kept;    /* load_state took what save_state gave */
  int state_dropped; /* there was saved state and the new version has no load_state */
  int old_image_kept;
  const hot_finding_t *findings; /* of the transfer's checks; valid until the next call that changes modules */
  size_t finding_count;
} hot_committed_t;

typedef struct hot_commit_report {
  hot_failure_t failure;
  uint64_t pause_ns; /* how long no frame could run */
  uint64_t frame;
} hot_commit_report_t;

/* What the engine did about a crash. */
typedef enum hot_fate {
  HOT_FATE_OUT,      /* the module is out of the frame loop, and the rest is up to the caller */
  HOT_FATE_GOES_ON,  /* it is called again, with the variables of the last frame boundary */
  HOT_FATE_WENT_BACK, /* the version before runs again */
  HOT_FATE_STOPPED,  /* it crashed too often, or its policy says so, and is out of the frame loop */
  HOT_FATE_RESTART,  /* it is out of the frame loop and to be started anew: HOT_POLICY_RESTART_MODULE */
  HOT_FATE_NEW_HOST, /* it is out of the frame loop and the process to be replaced: HOT_POLICY_RESTART_HOST */
  HOT_FATE_PASSED_AGAIN /* called again at once, it went well: see retry_once */
} hot_fate_t;

/* What the version that was gone back to has for its state. */
typedef enum hot_went_with {
  HOT_WENT_WITH_BOUNDARY, /* that of the last frame boundary, carried back by the plan that was given */
  HOT_WENT_WITH_RELOAD    /* what it had at the reload */
} hot_went_with_t;

/* One module that was taken back. */
typedef struct hot_went_back {
  char module[HOT_NAME_MAX];
  uint32_t from;
  uint32_t generation; /* what runs now; 0 where it could not begin again and is out of the frame loop */
  hot_went_with_t state;
} hot_went_back_t;

/* A module that crashed inside a guarded call, and what was done about it. */
typedef struct hot_fault {
  char module[HOT_NAME_MAX];
  uint32_t generation;
  int signal;
  hot_crash_kind_t kind;
  uint64_t address;
  uint64_t frames;
  uint64_t at; /* when the signal came */
  char call[32];
  char function[HOT_NAME_MAX];
  hot_fate_t fate;
  int restored;            /* its variables are those of the last frame boundary again */
  uint64_t restored_bytes; /* of the copy that was put back, or that would have been */
  int not_restored;        /* why not: shadow_obstacle_t (shadow.h) */
  uint64_t recovery_ns;    /* from the signal until all of this was done */
  hot_went_back_t *went_back; /* valid until the next fault is taken; NULL where nothing was taken back */
  size_t went_back_count;
  hot_stack_t stack;
} hot_fault_t;

/* A module was called again after a crash. */
typedef struct hot_recovered {
  char module[HOT_NAME_MAX];
  uint32_t generation; /* what was called */
  uint64_t recovery_ns; /* from the signal to that call */
} hot_recovered_t;

typedef struct hot_module_stats {
  char module[HOT_NAME_MAX];
  uint32_t generation;
  uint64_t frames;
  int running;
  int critical; /* in a critical section: it is not replaced until that ends */
  char why[64]; /* what it said of it */
  uint64_t recovery_ns; /* from its last fault to the next call of what runs now; 0 where there was none */
} hot_module_stats_t;

typedef struct hot_stats {
  uint64_t frame;
  double rate;
  int paused;
  double tick_us;
  uint64_t kept_images;
  size_t modules; /* how many there are, whatever the capacity given */
} hot_stats_t;

/* Why the image of a version that does not run any more is not closed. In the order of `blockers` in src/host/host.ts. */
typedef enum hot_blocker {
  HOT_BLOCKED_UNSEARCHED,   /* memory has not been searched yet for what points into it */
  HOT_BLOCKED_WAY_BACK,     /* a version that is kept to go back to points into it */
  HOT_BLOCKED_VARIABLE,     /* a variable of a version that runs, or of another image that is kept, points into it */
  HOT_BLOCKED_MEMORY,       /* so does a word elsewhere: an object on the heap, a stack */
  HOT_BLOCKED_THREAD,       /* a thread is in its code, or returns to it */
  HOT_BLOCKED_SILENT_THREAD, /* a thread may be: it does not answer */
  HOT_BLOCKED_CRASH,        /* a crash left in it what nobody knows */
  HOT_BLOCKED_SAVED_STATE,  /* the state it saved holds addresses inside it */
  HOT_BLOCKED_DESTRUCTORS,  /* closing it would destroy what another version uses */
  HOT_BLOCKED_IMPORT,       /* a module uses a symbol that its successor does not have: text */
  HOT_BLOCKED_LOADER,       /* it was closed, and the loader keeps it mapped */
  HOT_BLOCKED_UNKNOWN       /* the system does not tell where it lies, or memory is short */
} hot_blocker_t;

typedef struct hot_kept_image {
  char module[HOT_NAME_MAX];
  uint32_t generation;
  hot_blocker_t blocker;
  /* Whose variable it is, and where: an address of the holder's file. Of MEMORY an address of the process. */
  char holder[HOT_NAME_MAX];
  uint32_t holder_generation;
  uint64_t place;
  uint64_t target; /* what is pointed to, or where the thread is: an address of the image's own file */
  uint32_t searches; /* of all memory that found it to be pointed into */
  int32_t thread;  /* its number as the system has it */
  char text[HOT_NAME_MAX]; /* the name of the thread, of what is mapped around the word, of the symbol */
} hot_kept_image_t;

/* Starts the engine and its thread. 0, or -1 with errno where the status file or the thread could not be made. */
HOT_EXPORT int hot_engine_start(const hot_options_t *options);

/*
 * Calls shutdown on all modules in reverse order of loading, unloads them and ends the thread. Does nothing where the
 * engine does not run.
 */
HOT_EXPORT void hot_engine_stop(void);

/*
 * Loads a library beside the version that runs and looks up its entry. Its constructors and get_module_interface run
 * on the caller's thread. owns_file: the engine removes the file when the library is unloaded. A fault inside dlopen
 * ends the process, because the loader's own lock is then lost; the status file says which module it was.
 *
 * imports: what the library uses of other modules, one line for each symbol, `symbol=module`, with `?` in front where it
 * may be missing; NULL for nothing. The library's file must have been made ready for that (imports.h).
 */
HOT_EXPORT int hot_stage_module(const char *module, uint32_t generation, const char *library, int owns_file,
                                const hot_entry_names_t *entry, const char *imports, hot_module_facts_t *facts,
                                hot_failure_t *failure);

/* Drops the staged version of a module, if there is one. */
HOT_EXPORT void hot_discard_module(const char *module);

/*
 * Switches the named modules to their staged versions at one frame boundary, all or none (commit.h). done has room for
 * count entries. 0, or -1 with report->failure filled in and nothing changed. What was replaced is closed by hot_sweep.
 */
HOT_EXPORT int hot_commit(const char *const *modules, size_t count, hot_committed_t *done, hot_commit_report_t *report);

/*
 * Closes images that nothing runs any more, as far as no thread is inside and nothing points into them (search.h). A call of
 * its own, because it takes about a millisecond that nobody who waits for a commit should have to wait for.
 */
HOT_EXPORT void hot_sweep(void);

/* 1 where there is anything to close, 0 where hot_sweep would find nothing. Takes no time. */
HOT_EXPORT int hot_sweep_waits(void);

/*
 * In the next commit of the module, the version that runs cannot stop it by failing in prepare_reload or save_state.
 * Where it gives no state, the one it was itself given is handed on; where there is none, the new version starts afresh.
 * For a version that would otherwise never let go. Unknown names are ignored.
 */
HOT_EXPORT void hot_overrule_module(const char *module);

/*
 * The next commit of the module takes over no state: its staged version begins as at a first load. Unknown names are
 * ignored.
 */
HOT_EXPORT void hot_start_afresh(const char *module);

/*
 * The next commit of the module, and what is probed before it, was made for this generation: where another one runs at
 * that moment, because the engine went back by itself, both fail with HOT_STALE_BASE. Unknown names are ignored.
 */
HOT_EXPORT void hot_expect_module(const char *module, uint32_t generation);

/*
 * Hands over how the state of a module gets to the version that is staged; holds until that is committed, discarded or
 * staged again. HOT_OK, HOT_BAD_PLAN, HOT_NOT_STAGED or HOT_NO_MEMORY.
 */
HOT_EXPORT hot_problem_t hot_give_transfer(const char *module, const hot_transfer_request_t *request);

/*
 * The same for the way back, from the version that is staged to the one that runs, should the new one crash on
 * probation. Only for HOT_TRANSFER_VARIABLES; without it, going back means the state as of the reload.
 */
HOT_EXPORT hot_problem_t hot_give_return(const char *module, const hot_transfer_request_t *request);

/*
 * Takes over what the engine of a process that has ended kept in its file (hot_options_t.copies_path): the next commit gives
 * it to the modules that a transfer of variables is given for, and which do not run yet, after their init. Before modules
 * are staged. take is called for each module of the file, with the generation that ran. How many there are; *frame is the
 * one before which the copies were made.
 */
HOT_EXPORT size_t hot_inherit(const char *path, uint64_t *frame,
                              void (*take)(const char *module, uint32_t generation, void *context), void *context);

/* Lets go of what was not given to any module. */
HOT_EXPORT void hot_end_inheritance(void);

/* Changes what is done about crashes from the next frame on. */
HOT_EXPORT void hot_set_recovery(const hot_recovery_t *recovery);

/*
 * What the checks of the transfer that was given find now, between two frames; nothing is changed. *findings is valid until
 * the next call that changes modules. 0, or -1 with *failure.
 */
HOT_EXPORT int hot_probe(const char *module, const hot_finding_t **findings, size_t *count, hot_failure_t *failure);

/* Stages and commits one module and sweeps: the calls above for the simple case. */
HOT_EXPORT int hot_reload_module(const char *module, uint32_t generation, const char *library,
                                 const hot_entry_names_t *entry, hot_committed_t *done, hot_commit_report_t *report);

/* Goes back to the version before the last commit (revert.h). *generation is what runs afterwards. */
HOT_EXPORT int hot_revert_module(const char *module, uint32_t *generation, hot_failure_t *failure);

/* Shuts a module down at a frame boundary and unloads it; unknown names are ignored. */
HOT_EXPORT void hot_unload_module(const char *module);

/*
 * Runs the version that runs and the one that waits side by side in copies of the process (trial.h), and waits for both.
 * 0, or -1 with *failure where they could not be begun. The program itself goes on; its version that waits stays staged.
 */
struct trial_request;
HOT_EXPORT int hot_try_versions(const struct trial_request *request, hot_failure_t *failure);

HOT_EXPORT void hot_pause(void);
HOT_EXPORT void hot_resume(void);
HOT_EXPORT void hot_set_rate(double frames_per_second);

/* Runs frames of dt seconds each now and returns when they are done. */
HOT_EXPORT void hot_step(uint32_t frames, double dt);

/* Fills in up to capacity modules; stats->modules says how many there are. */
HOT_EXPORT void hot_get_stats(hot_stats_t *stats, hot_module_stats_t *modules, size_t capacity);

/*
 * Looks once more whether any image that waits can be closed, and gives those that stay mapped although nothing runs them,
 * up to capacity. How many there are.
 */
HOT_EXPORT size_t hot_kept_images(hot_kept_image_t *images, size_t capacity);

/* Calls every module's view between frames and gives take a copy of each text (UTF-8, at most HOT_VIEW_MAX bytes). */
HOT_EXPORT void hot_views(void (*take)(const char *module, const char *text, void *context), void *context);

/* A descriptor that becomes readable when a fault is waiting; bytes read from it mean nothing. -1 before the start. */
HOT_EXPORT int hot_fault_descriptor(void);

/* Takes the oldest waiting fault: 1, or 0 where none waits. */
HOT_EXPORT int hot_take_fault(hot_fault_t *fault);

/* The same for modules that were called again; told by the same descriptor. */
HOT_EXPORT int hot_take_recovered(hot_recovered_t *recovered);

#ifdef __cplusplus
}
#endif

#endif
