import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { HostGone, type ModuleFault } from '../../src/host/host.js';
import { noStack, type RawStack } from '../../src/host/stack.js';
import { entryOf, type HostBench, openBench } from '../helpers/host-modules.js';

const frame = 1 / 60;

/** Loads a module of plain functions, runs one frame and gives the fault that came of it, with the library. */
async function crash(bench: HostBench, source: string, flags: readonly string[] = []): Promise<[ModuleFault, string]> {
  const library = await load(bench, source, flags);
  await bench.host.step(1, frame);
  await expect.poll(() => bench.faults.length).toBe(1);
  const [fault] = bench.faults;
  if (fault === undefined) throw new Error('There is no fault.');
  return [fault, library];
}

async function load(bench: HostBench, source: string, flags: readonly string[] = []): Promise<string> {
  const library = await bench.compile('faulty', `#line 1 "faulty.c"\n${source}`, ['-fno-omit-frame-pointer', ...flags]);
  const staged = await bench.host.stage({ module: 'faulty', generation: 7, library, entry: entryOf('faulty') });
  expect(staged).toMatchObject({ ok: true });
  expect(await bench.host.commit({ modules: ['faulty'] })).toMatchObject({ ok: true });
  return library;
}

/** `function:line` of the frames inside the module, inlined ones after `~`, guessed ones after `?`. */
async function told(stack: RawStack, library: string): Promise<readonly string[]> {
  const info = readDebugInfo(new Uint8Array(await readFile(library)));
  return stack.frames.flatMap(({ module, address, isReturn, guessed }) =>
    module === ''
      ? []
      : info
          .framesAt(Number(address) - (isReturn ? 1 : 0))
          .map((one) => `${guessed ? '?' : ''}${one.inlined ? '~' : ''}${one.function}:${one.line}`),
  );
}

test('a fault comes with the calls that led to it, the module, its generation and the registers', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `static void third(int *p) {
  *p = 4;
}
static void second(int *p) { third(p); }
void faulty_update(double dt) {
  (void)dt;
  second((int *)8);
}`,
  );
  expect(fault).toMatchObject({ signal: 'SIGSEGV', address: 8n, module: 'faulty', generation: 7 });
  expect(await told(fault.stack, library)).toEqual(['third:2', 'second:4', 'faulty_update:7']);
  expect(fault.stack.frames).toHaveLength(3);
  expect(fault.stack.frames[0]).toMatchObject({ generation: 7, isReturn: false, guessed: false });
  expect(fault.stack.leftOut).toBe(0);
  expect(Object.keys(fault.stack.registers).length).toBeGreaterThanOrEqual(18);
  expect(Object.values(fault.stack.registers)).toContain(fault.stack.frames[0]?.pc);
});

test('a call through a null pointer is shown where it was made', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `static void (*volatile hook)(void);
static void run(void) {
  hook();
}
void faulty_update(double dt) { (void)dt; run(); }`,
  );
  expect(fault).toMatchObject({ signal: 'SIGSEGV', address: 0n });
  expect(fault.stack.frames[0]).toMatchObject({ pc: 0n, module: '' });
  expect(await told(fault.stack, library)).toEqual(['run:3', 'faulty_update:5']);
});

test('a call through a pointer to data is shown where it was made', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `static long data[4] = {1};
static void run(void) {
  void (*volatile hook)(void) = (void (*)(void))(void *)data;
  hook();
}
void faulty_update(double dt) { (void)dt; run(); }`,
  );
  expect((await told(fault.stack, library)).slice(-2)).toEqual(['run:4', 'faulty_update:6']);
});

test('abort() is shown with the functions of the C library and who called it', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `#include <assert.h>
static int deeper(int n) { volatile int a[64]; a[n & 63] = n; return n > 0 ? deeper(n - 1) + a[n & 63] : 1; }
static void check(int n) {
  assert(n > 5);
}
void faulty_update(double dt) {
  (void)dt;
  deeper(20);
  check(3);
}`,
  );
  expect(fault).toMatchObject({ signal: 'SIGABRT' });
  expect(await told(fault.stack, library)).toEqual(['check:4', 'faulty_update:9']);
  expect(fault.stack.frames[0]).toMatchObject({ module: '' });
  expect(fault.stack.frames[0]?.library).toMatch(/libc/);
});

test('a fault inside a function of the C library is shown where that was called', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `#include <string.h>
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a < *(const int *)b ? *(volatile int *)0 : 1; }
static size_t measure(const char *volatile text) {
  return strlen(text);
}
void faulty_update(double dt) { if (dt > 5) { int n[3] = {1, 2, 3}; qsort(n, 3, sizeof *n, compare); } measure(0); }`,
  );
  expect(await told(fault.stack, library)).toEqual(['measure:5', 'faulty_update:7']);
});

test('a fault in a callback of the C library leads back to who called the library', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `#include <stdlib.h>
static int compare(const void *a, const void *b) {
  (void)a; (void)b; return *(volatile int *)0;
}
void faulty_update(double dt) {
  int n[3] = {1, 2, (int)dt};
  qsort(n, 3, sizeof *n, compare);
}`,
  );
  const stack = await told(fault.stack, library);
  expect(stack[0]).toBe('compare:3');
  expect(stack.at(-1)).toMatch(/^\??faulty_update:7$/);
});

test('a stack overflow is shown from both ends', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `static int dive(int n) {
  volatile int a[16]; a[n & 15] = n;
  return dive(n + 1) + a[n & 15];
}
void faulty_update(double dt) {
  dive((int)dt);
}`,
  );
  const stack = await told(fault.stack, library);
  expect(fault).toMatchObject({ signal: 'SIGSEGV' });
  expect(fault.stack.frames).toHaveLength(64);
  expect(fault.stack.leftOut).toBeGreaterThan(1000);
  expect(stack.slice(1, 62).every((one) => one === 'dive:3')).toBe(true);
  expect(stack.slice(-2)).toEqual(['dive:3', 'faulty_update:6']);
});

test('a stack that was written over ends the stack and nothing else', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `#include <string.h>
static void smash(volatile char *at) {
  for (int n = 0; n < 64; n++) at[n] = 0x41;
  *(volatile int *)0 = 1;
}
static void victim(void) { char small[8]; smash(small); }
void faulty_update(double dt) { (void)dt; victim(); }`,
  );
  const stack = await told(fault.stack, library);
  expect(stack.slice(0, 2)).toEqual(['smash:4', 'victim:6']);
});

const threeCalls = `static void third(int *p) {
  *(volatile int *)p = 4;
}
static void second(int *p) {
  third(p);
}
void faulty_update(double dt) {
  (void)dt;
  second((int *)8);
}`;
const withoutTables = ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];

test('code without unwind tables is followed by its frame pointers', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(bench, threeCalls, withoutTables);
  expect(await told(fault.stack, library)).toEqual(['third:2', 'second:5', 'faulty_update:9']);
});

test('code without frame pointers is followed by its unwind tables', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(bench, threeCalls, ['-fomit-frame-pointer']);
  expect(await told(fault.stack, library)).toEqual(['third:2', 'second:5', 'faulty_update:9']);
});

test('of code with neither, what cannot be followed is searched for and shown as a guess', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(bench, threeCalls, ['-fomit-frame-pointer', ...withoutTables]);
  expect(await told(fault.stack, library)).toEqual(['third:2', 'second:5', '?faulty_update:9']);
});

test('an inlined function is shown with who it was inlined into', async () => {
  await using bench = await openBench();
  const [fault, library] = await crash(
    bench,
    `struct item { struct item *next; int value; };
static inline int value_of(struct item *item) {
  return item->next->value;
}
__attribute__((noinline)) static int sum(struct item *item) {
  return value_of(item) + 1;
}
static struct item g_item;
volatile int g_sum;
void faulty_update(double dt) {
  (void)dt;
  g_sum = sum(&g_item);
}
struct item *give(void) { return g_item.next = &g_item; }`,
    ['-O2'],
  );
  expect((await told(fault.stack, library)).slice(0, 2)).toEqual(['~value_of:3', 'sum:6']);
});

test('a step of a reload that crashes says where', async () => {
  await using bench = await openBench();
  const source = `#line 1 "faulty.c"
static void deep(void) { *(volatile int *)0 = 1; }
int faulty_init(void *config) {
  (void)config; deep(); return 0;
}
void faulty_update(double dt) { (void)dt; }`;
  const library = await bench.compile('faulty', source);
  await bench.host.stage({ module: 'faulty', generation: 1, library, entry: entryOf('faulty') });
  const result = await bench.host.commit({ modules: ['faulty'] });
  if (result.ok) throw new Error('It was committed.');
  expect(await told(result.crash?.stack ?? noStack, library)).toEqual(['deep:1', 'faulty_init:3']);
});

test('a crash on a thread of a module, which ends the host, is shown all the same', async () => {
  await using bench = await openBench();
  const library = await load(
    bench,
    `#include <pthread.h>
static void fall(void) {
  *(volatile int *)16 = 1;
}
static void *run(void *unused) {
  (void)unused; fall(); return 0;
}
void faulty_update(double dt) { (void)dt; pthread_t t; pthread_create(&t, 0, run, 0); pthread_join(t, 0); }`,
    ['-pthread'],
  );
  await expect(bench.host.step(1, frame)).rejects.toBeInstanceOf(HostGone);
  const end = await bench.host.ended;
  expect(end).toMatchObject({ how: 'SIGSEGV', module: 'faulty', generation: 7, address: 16n });
  expect((await told(end.stack, library)).slice(0, 2)).toEqual(['fall:3', 'run:6']);
});

test('a call that does not return is shown where it is', async () => {
  await using bench = await openBench({ hangTimeoutMs: 300 });
  const library = await load(
    bench,
    `static volatile int g_stop;
static void wait_for_it(void) {
  while (!g_stop) {}
}
void faulty_update(double dt) {
  (void)dt;
  wait_for_it();
}`,
  );
  await expect(bench.host.step(1, frame)).rejects.toBeInstanceOf(HostGone);
  const end = await bench.host.ended;
  expect(end).toMatchObject({ how: 'hang', module: 'faulty', generation: 7 });
  expect(await told(end.stack, library)).toEqual(['wait_for_it:3', 'faulty_update:7']);
});

test('a call that waits in the C library is shown with who waits', async () => {
  await using bench = await openBench({ hangTimeoutMs: 300 });
  const library = await load(
    bench,
    `#include <pthread.h>
static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
void faulty_update(double dt) {
  (void)dt;
  pthread_mutex_lock(&g_lock);
  pthread_mutex_lock(&g_lock);
}`,
  );
  await expect(bench.host.step(1, frame)).rejects.toBeInstanceOf(HostGone);
  const end = await bench.host.ended;
  expect(await told(end.stack, library)).toEqual(['faulty_update:6']);
});

test('a call that blocks every signal and does not return is ended all the same', async () => {
  await using bench = await openBench({ hangTimeoutMs: 300 });
  await load(
    bench,
    `#include <signal.h>
void faulty_update(double dt) {
  sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0);
  for (volatile int n = 0; dt < 5; n = n + 1) {}
}`,
  );
  await expect(bench.host.step(1, frame)).rejects.toBeInstanceOf(HostGone);
  expect(await bench.host.ended).toMatchObject({ how: 'hang', module: 'faulty', stack: { frames: [] } });
});

test('exit() is shown where it was called', async () => {
  await using bench = await openBench();
  const library = await load(
    bench,
    `#include <stdlib.h>
static void give_up(void) {
  exit(3);
}
void faulty_update(double dt) { (void)dt; give_up(); }`,
  );
  await expect(bench.host.step(1, frame)).rejects.toBeInstanceOf(HostGone);
  const end = await bench.host.ended;
  expect(end).toMatchObject({ how: 'exit', module: 'faulty' });
  expect(await told(end.stack, library)).toEqual(['give_up:3', 'faulty_update:5']);
});

test('a fault is told with its module however many others are loaded', async () => {
  await using bench = await openBench();
  const library = await bench.compile('quiet', 'void quiet_update(double dt) { (void)dt; }');
  const names = Array.from({ length: 1100 }, (_, index) => `quiet${index}`);
  const entry = entryOf('quiet');
  const staged = await Promise.all(names.map((module) => bench.host.stage({ module, generation: 1, library, entry })));
  expect(staged.filter((one) => !one.ok)).toEqual([]);
  expect(await bench.host.commit({ modules: names })).toMatchObject({ ok: true });
  const [fault] = await crash(bench, 'void faulty_update(double dt) { (void)dt; *(volatile int *)8 = 4; }');
  expect(fault.stack.frames[0]).toMatchObject({ module: 'faulty', generation: 7 });
}, 60_000);
