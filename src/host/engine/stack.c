#include "stack.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include "cfi.h"
#include "code.h"
#include "image.h"
#include "platform.h"

#define WORD sizeof(uintptr_t)
/* Bytes above the last known frame that are searched where nobody knows how large the stack is. */
#define BLIND_SEARCH 65536
/* A function with large variables may step over the guard page, but seldom further. */
#define BELOW_STACK 65536
/* A function this long without its frame set up is none. */
#define PROLOGUE_BYTES 96

typedef struct bounds {
  uintptr_t low;
  uintptr_t high;
} bounds_t;

static bounds_t engine;
static _Thread_local bounds_t thread_bounds HANDLER_SAFE;
static _Thread_local sigjmp_buf escape HANDLER_SAFE;
static _Thread_local volatile sig_atomic_t may_escape HANDLER_SAFE;

/* Where a walk is: everything below `position` has been seen. */
typedef struct walk {
  hot_stack_t *stack;
  bounds_t bounds; /* of this thread's stack; 0 where unknown */
  uintptr_t limit; /* frames from here on are not the module's */
  uintptr_t position;
  cfi_state_t state; /* of the function that was added last */
  uint64_t seen;
} walk_t;

void stack_open(void) { platform_code_range((uintptr_t)stack_open, &engine.low, &engine.high); }

/*
 * Asked once for each thread: of the first thread the C library reads the whole memory map to tell, which takes
 * milliseconds where thousands of libraries are mapped.
 */
void stack_thread_open(void) {
  if (thread_bounds.low == 0) platform_thread_stack(&thread_bounds.low, &thread_bounds.high);
}

bool stack_is_beyond(uintptr_t address) {
  return thread_bounds.low > 0 && address < thread_bounds.high && address + BELOW_STACK >= thread_bounds.low;
}

void stack_escape(void) {
  if (may_escape) siglongjmp(escape, 1);
}

static bool read_bytes(uintptr_t address, void *to, size_t size) {
  if (address + size < address) return false;
  if (sigsetjmp(escape, 0) != 0) {
    may_escape = 0;
    return false;
  }
  may_escape = 1;
  const volatile unsigned char *from = (const volatile unsigned char *)address;
  for (size_t n = 0; n < size; n++) ((unsigned char *)to)[n] = from[n];
  may_escape = 0;
  return true;
}

static bool read_words(const walk_t *walk, uintptr_t address, uintptr_t *words, size_t count) {
  if (address % WORD != 0) return false;
  if (address >= walk->bounds.low && address < walk->bounds.high && walk->bounds.high - address >= count * WORD) {
    memcpy(words, (const void *)address, count * WORD);
    return true;
  }
  return read_bytes(address, words, count * WORD);
}

static bool is_inside(const bounds_t *bounds, uintptr_t address) {
  return address >= bounds->low && address < bounds->high;
}

static bool in_engine(uintptr_t address) { return is_inside(&engine, address); }

static uint32_t image_number(hot_stack_t *stack, uintptr_t address) {
  image_place_t place;
  if (!image_at(address, &place)) return 0;
  for (uint32_t n = 0; n < stack->image_count; n++) {
    const hot_stack_image_t *known = &stack->images[n];
    if (known->base == place.base && known->generation == place.generation) return n + 1;
  }
  if (stack->image_count == HOT_STACK_IMAGES) return 0;
  hot_stack_image_t *image = &stack->images[stack->image_count++];
  image->base = place.base;
  image->generation = place.generation;
  memcpy(image->module, place.module, sizeof image->module);
  return stack->image_count;
}

static bool in_image(uintptr_t address) {
  image_place_t place;
  return image_at(address, &place);
}

/* The first HOT_STACK_HEAD frames stay, and of the others the last ones, as a ring until the walk has ended. */
static void add(walk_t *walk, uintptr_t pc, uint32_t flags) {
  hot_stack_t *stack = walk->stack;
  const uint64_t tail = HOT_STACK_FRAMES - HOT_STACK_HEAD;
  uint64_t n = walk->seen++;
  uint64_t place = n < HOT_STACK_HEAD ? n : HOT_STACK_HEAD + (n - HOT_STACK_HEAD) % tail;
  uint32_t image = image_number(stack, pc - ((flags & HOT_FRAME_RETURN) != 0));
  stack->frames[place] = (hot_stack_frame_t){.pc = pc, .flags = flags, .image = image};
}

static void reverse(hot_stack_frame_t *frames, uint64_t count) {
  for (uint64_t n = 0; n < count / 2; n++) {
    hot_stack_frame_t other = frames[n];
    frames[n] = frames[count - 1 - n];
    frames[count - 1 - n] = other;
  }
}

/* Turns the ring so that its oldest frame comes first: three reversals are a rotation. */
static void finish(walk_t *walk) {
  const uint64_t tail = HOT_STACK_FRAMES - HOT_STACK_HEAD;
  hot_stack_t *stack = walk->stack;
  stack->count = (uint32_t)(walk->seen < HOT_STACK_FRAMES ? walk->seen : HOT_STACK_FRAMES);
  stack->left_out = walk->seen - stack->count;
  if (stack->left_out == 0) return;
  hot_stack_frame_t *ring = &stack->frames[HOT_STACK_HEAD];
  uint64_t oldest = (walk->seen - HOT_STACK_HEAD) % tail;
  reverse(ring, oldest);
  reverse(ring + oldest, tail - oldest);
  reverse(ring, tail);
}

/* True for an address behind a call: what a return address looks like. */
static bool is_behind_call(uintptr_t address) {
  unsigned char before[CODE_BEFORE];
  return read_bytes(address - sizeof before, before, sizeof before) && code_is_call(before, address);
}

static bool returns_into_module(uintptr_t address) { return in_image(address - 1) && is_behind_call(address); }

static bool frame_is_plausible(const walk_t *walk, uintptr_t frame) {
  uintptr_t pair[2];
  if (frame < walk->position || frame >= walk->limit || !read_words(walk, frame, pair, 2)) return false;
  return in_engine(pair[1]) || returns_into_module(pair[1]);
}

/* The function that `pc` returns to, whose stack begins at the walk's position. */
static void go_to(walk_t *walk, uintptr_t pc, uintptr_t frame) {
  cfi_set_stack(&walk->state, pc, walk->position, frame);
}

/*
 * Where the frame pointer of the function that `slot` returns to may be: still in the register, or saved by the function
 * that was called, close below its return address.
 */
static uintptr_t frame_of_caller(const walk_t *walk, uintptr_t searched, uintptr_t slot) {
  uintptr_t frame = cfi_frame_pointer(&walk->state);
  if (frame_is_plausible(walk, frame)) return frame;
  for (uintptr_t at = slot - WORD; at >= searched && at < slot; at -= WORD) {
    uintptr_t word;
    if (read_words(walk, at, &word, 1) && frame_is_plausible(walk, word)) return word;
  }
  return 0;
}

/* Searches the stack above the known part for the next return address into a module. False where there is none. */
static bool guess(walk_t *walk) {
  uintptr_t start = walk->position;
  for (uintptr_t at = start; at < walk->limit; at += WORD) {
    uintptr_t word;
    if (!read_words(walk, at, &word, 1)) return false;
    if (!returns_into_module(word)) continue;
    walk->position = at + WORD;
    go_to(walk, word, frame_of_caller(walk, start, at));
    add(walk, word, HOT_FRAME_RETURN | HOT_FRAME_GUESSED);
    return true;
  }
  return false;
}

/*
 * The return address of a function that has not set its frame up, or never does: at the top of the stack, or in the link
 * register. It counts where the call before it leads to just before pc and nothing in between sets up a frame; of a call
 * through a pointer that leads to no code, in any case.
 */
static bool step_without_frame(walk_t *walk, const platform_machine_t *machine, bool called_nothing) {
  uintptr_t candidates[2];
  uintptr_t places[2];
  size_t count = code_return_candidates(machine, candidates, places);
  for (size_t n = 0; n < count; n++) {
    if (places[n] != 0 && !read_words(walk, places[n], &candidates[n], 1)) continue;
    if (!returns_into_module(candidates[n])) continue;
    unsigned char before[CODE_BEFORE];
    unsigned char body[PROLOGUE_BYTES];
    uintptr_t target = machine->pc;
    if (!called_nothing) {
      if (!read_bytes(candidates[n] - sizeof before, before, sizeof before)) continue;
      if (!code_call_target(before, candidates[n], &target)) continue;
      if (target > machine->pc || machine->pc - target > sizeof body) continue;
      size_t size = machine->pc - target;
      if (!read_bytes(target, body, size) || code_sets_frame(body, size)) continue;
    }
    if (places[n] != 0) walk->position = places[n] + WORD;
    go_to(walk, candidates[n], machine->frame);
    add(walk, candidates[n], HOT_FRAME_RETURN);
    return true;
  }
  return false;
}

/* To the caller by the unwind tables, which may lead astray where the stack was written over. */
static bool step_by_tables(walk_t *walk) {
  cfi_state_t next = walk->state;
  if (sigsetjmp(escape, 0) != 0) {
    may_escape = 0;
    return false;
  }
  may_escape = 1;
  bool stepped = cfi_step(&next);
  may_escape = 0;
  uintptr_t sp = cfi_stack_pointer(&next);
  if (!stepped || sp < walk->position || sp > walk->limit + BLIND_SEARCH) return false;
  /* Only the innermost function may have put nothing on the stack; others would be met again and again. */
  if (sp == walk->position && walk->state.is_return) return false;
  if (!in_engine(next.pc) && !is_behind_call(next.pc)) return false;
  walk->state = next;
  walk->position = sp;
  return true;
}

static bool step_by_frame(walk_t *walk) {
  uintptr_t frame = cfi_frame_pointer(&walk->state);
  uintptr_t pair[2];
  if (frame < walk->position || frame >= walk->limit || !read_words(walk, frame, pair, 2)) return false;
  if (!in_engine(pair[1]) && !is_behind_call(pair[1])) return false;
  walk->position = frame + 2 * WORD;
  go_to(walk, pair[1], pair[0]);
  return true;
}

/* The tables are right more often, and cost more: of a recursion that has filled the stack nobody needs them. */
static bool step(walk_t *walk) {
  if (walk->seen < HOT_STACK_HEAD) return step_by_tables(walk) || step_by_frame(walk);
  return step_by_frame(walk) || step_by_tables(walk);
}

static void follow(walk_t *walk) {
  while (walk->position < walk->limit) {
    if (!step(walk)) {
      if (!guess(walk)) return;
      continue;
    }
    if (in_engine(walk->state.pc)) return;
    add(walk, walk->state.pc, HOT_FRAME_RETURN);
  }
}

static walk_t begin(const platform_machine_t *machine, const void *limit, hot_stack_t *stack) {
  memset(stack, 0, offsetof(hot_stack_t, frames));
  stack->register_count = platform_copy_registers(machine, stack->registers);
  stack->vector_words = platform_copy_vectors(machine, stack->vectors);
  walk_t walk = {.stack = stack, .bounds = thread_bounds, .position = machine->sp};
  cfi_begin(machine, &walk.state);
  bool known = is_inside(&walk.bounds, machine->sp) || is_inside(&walk.bounds, machine->frame);
  if (!known) walk.bounds = (bounds_t){0, 0};
  walk.limit = known ? walk.bounds.high : machine->sp + BLIND_SEARCH;
  if ((uintptr_t)limit > machine->sp && (uintptr_t)limit < walk.limit) walk.limit = (uintptr_t)limit;
  /* Below its end a stack that has overflowed cannot be read. */
  if (known && walk.position < walk.bounds.low) walk.position = walk.bounds.low;
  return walk;
}

/* From the function that was interrupted to the one that called it, which takes more care than any other step. */
static bool leave_innermost(walk_t *walk, const platform_machine_t *machine, const siginfo_t *info) {
  unsigned char code;
  bool fetch = info != NULL && (info->si_signo == SIGSEGV || info->si_signo == SIGBUS) &&
               (uintptr_t)info->si_addr == machine->pc;
  bool nothing = fetch || !read_bytes(machine->pc, &code, 1);
  if (!nothing && step_by_tables(walk)) {
    if (in_engine(walk->state.pc)) return false;
    add(walk, walk->state.pc, HOT_FRAME_RETURN);
  } else if (nothing || in_image(machine->pc)) {
    step_without_frame(walk, machine, nothing);
  }
  return true;
}

void stack_capture(const siginfo_t *info, const void *context, const void *limit, hot_stack_t *stack) {
  platform_machine_t machine;
  platform_read_machine(context, &machine);
  walk_t walk = begin(&machine, limit, stack);
  add(&walk, machine.pc, 0);
  if (leave_innermost(&walk, &machine, info)) follow(&walk);
  finish(&walk);
}

void stack_capture_here(const void *limit, hot_stack_t *stack) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  platform_machine_t machine = {.pc = (uintptr_t)__builtin_return_address(0),
                                .sp = here + 2 * WORD,
                                .frame = *(const uintptr_t *)here};
  walk_t walk = begin(&machine, limit, stack);
  walk.state.is_return = true;
  /* The functions of the engine that ask are of no interest. */
  while (in_engine(walk.state.pc) && step_by_tables(&walk)) continue;
  if (!in_engine(walk.state.pc)) add(&walk, walk.state.pc, HOT_FRAME_RETURN);
  follow(&walk);
  finish(&walk);
}
