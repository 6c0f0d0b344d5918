/** How a module is made to crash, and the signals that this may come as. */
export const crashKinds = [
  { name: 'null pointer', code: '*(volatile int *)0 = 1;', signals: ['SIGSEGV'] },
  {
    name: 'division by zero',
    code: 'volatile int none = 0; none = 1 / none; __builtin_trap();',
    signals: ['SIGFPE', 'SIGILL', 'SIGTRAP'],
  },
  { name: 'illegal instruction', code: '__builtin_trap();', signals: ['SIGILL', 'SIGTRAP'] },
  { name: 'abort', code: 'abort();', signals: ['SIGABRT'] },
  { name: 'assert', code: 'assert(total == -1);', signals: ['SIGABRT'] },
  { name: 'stack overflow', code: 'dive(1);', signals: ['SIGSEGV', 'SIGBUS'] },
  { name: 'smashed stack', code: 'smash();', signals: ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL'] },
  { name: 'wild jump', code: '((void (*)(void))16)();', signals: ['SIGSEGV', 'SIGBUS'] },
] as const;

/** The call in which it crashes. */
export const crashPlaces = ['update', 'view', 'call'] as const;

export type CrashPlace = (typeof crashPlaces)[number];

/**
 * A module that counts its frames and, half-way through whatever it does, crashes as ordered. `frames`, `mirror` and
 * `ring` always agree at a frame boundary. The order lies on the heap, because what was written to variables in the frame
 * that crashed is put back.
 *
 * @param variant 0 or 1: one has a field more, so that going back has something to convert.
 */
export function crashSource(module: string, variant: number): string {
  const cases = crashKinds.map(({ code }, index) => `    case ${index + 1}: { ${code} } break;`);
  return `#include "../../shared/shared.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct count { long frames; ${variant === 1 ? 'int added;' : ''} long mirror; };
static struct count count;
static long ring[16];
static long total;
static int *order;

__attribute__((noinline)) static int dive(volatile int depth) {
  volatile char room[4096];
  room[0] = (char)depth;
  return dive(depth + 1) + room[0];
}
/* Far enough to take the address that it returns to, and the frame of its caller here. */
__attribute__((noinline)) static void smash_here(volatile char *room) {
  for (int n = 0; n < 64; n++) room[n] = 0x41;
}
__attribute__((noinline)) static void smash(void) {
  volatile char room[16];
  smash_here(room);
}
__attribute__((noinline)) static void crash(int place) {
  if (order == NULL || order[0] == 0 || order[1] != place) return;
  int kind = order[0];
  order[0] = 0;
  switch (kind) {
${cases.join('\n')}
  }
}
long ${module}_order(int kind, int place) {
  if (order == NULL) order = calloc(2, sizeof *order);
  order[0] = kind;
  order[1] = place;
  return count.frames;
}
long ${module}_call(void) {
  count.frames += 1000;
  ring[3] = -1;
  crash(2);
  count.frames -= 1000;
  return SHARED;
}
void ${module}_update(double dt) {
  (void)dt;
  count.frames++;
  ring[count.frames % 16] = -2;
  crash(0);
  ring[count.frames % 16] = count.frames;
  total += count.frames;
  count.mirror = count.frames * 7;
}
const char *module_view(void) {
  static char text[64];
  count.frames += 100000;
  crash(1);
  count.frames -= 100000;
  snprintf(text, sizeof text, "%ld %ld %ld %ld", count.frames, count.mirror, ring[count.frames % 16], total);
  return text;
}
`;
}
