import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { KeptImage } from '../../src/host/host.js';
import { readElf } from '../../src/objfile/elf.js';
import { counterSource, entryOf, type HostBench, openBench, until, viewOf } from '../helpers/host-modules.js';

/** A module that starts a thread when it is told to, which runs until `end_thread`, in code of its own version. */
const threaded = (work: string): string =>
  counterSource({
    extra: `
#include <pthread.h>
#include <unistd.h>
static int *stop;
static void *work(void *given) {
  volatile int *end = given;
  while (!*end) { ${work} }
  return NULL;
}
MODULE_EXPORT void *stop_place(void) { return stop; }
MODULE_EXPORT void end_thread(void *of) { *(volatile int *)of = 1; }
MODULE_EXPORT void start_thread(void) {
  pthread_t thread;
  stop = calloc(1, sizeof *stop);
  pthread_create(&thread, NULL, work, stop);
  pthread_setname_np(thread, "the worker");
  pthread_detach(thread);
}
MODULE_EXPORT void start_in_pool(void) {
  void (*run)(void *(*)(void *), void *) = module_get_symbol("pool", "run");
  stop = calloc(1, sizeof *stop);
  run(work, stop);
}`,
  });

/** Runs what others give it in a thread that is started with a function of its own, which may block all signals. */
const pool = (quiet: boolean): string =>
  counterSource({
    extra: `
#include <pthread.h>
#include <signal.h>
typedef struct job { void *(*function)(void *); void *argument; } job_t;
static void *begin(void *given) {
  job_t job = *(job_t *)given;
  free(given);
  return job.function(job.argument);
}
MODULE_EXPORT void run(void *(*function)(void *), void *argument) {
  pthread_t thread;
  sigset_t all, before;
  job_t *job = malloc(sizeof *job);
  *job = (job_t){function, argument};
  sigfillset(&all);
  if (${quiet ? 1 : 0}) pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_create(&thread, NULL, begin, job);
  if (${quiet ? 1 : 0}) pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_setname_np(thread, "the pool");
  pthread_detach(thread);
}`,
  });

const gnu = ['-D_GNU_SOURCE'];
const waiting = 'usleep(1000);';
const computing = 'for (volatile int n = 0; n < 1000; n++) { }';

for (const [what, work, start, name] of [
  ['that waits in the kernel in an old version', waiting, 'start_thread', 'the worker'],
  ['that computes in an old version', computing, 'start_thread', 'the worker'],
  ['of a pool that waits in the kernel, called by an old version', waiting, 'start_in_pool', 'the pool'],
  ['of a pool that computes in an old version', computing, 'start_in_pool', 'the pool'],
] as const) {
  test(`a thread ${what} keeps its code mapped, and is named until it ends`, async () => {
    await using bench = await openBench();
    await load(bench, await bench.compile('pool', pool(false), gnu), 1, 'pool');
    const library = await bench.compile('counter', threaded(work), gnu);
    await load(bench, library, 1);
    await call(bench, start);
    const stop = await call(bench, 'stop_place');
    for (let generation = 2; generation <= 6; generation++) await load(bench, library, generation);
    expect(await bench.host.kept()).toMatchObject([
      { module: 'counter', generation: 1, blocker: 'thread', text: name, thread: expect.any(Number) },
    ]);
    expect(await isMapped(bench, 2)).toBe(true);
    expect(await isMapped(bench, 3)).toBe(false);
    await bench.host.step(3, 1 / 60);
    expect(await viewOf(bench.host, 'counter')).toBe('3');

    await call(bench, 'end_thread', [stop]);
    await until(async () => (await bench.host.kept()).length === 0);
    expect(await isMapped(bench, 2)).toBe(false);
    expect((await bench.host.stats()).keptImages).toBe(0);
  });
}

/** On a busy machine it may not answer in time, and is then taken to be inside all the same. */
const aThread = expect.stringMatching(/^(thread|silentThread)$/);

test('a thread that blocks the signal which asks where it is counts as inside', async () => {
  await using bench = await openBench();
  await load(bench, await bench.compile('pool', pool(true), gnu), 1, 'pool');
  const library = await bench.compile('counter', threaded(waiting), gnu);
  await load(bench, library, 1);
  await call(bench, 'start_in_pool');
  for (let generation = 2; generation <= 3; generation++) await load(bench, library, generation);
  expect(await bench.host.kept()).toMatchObject([{ generation: 1, blocker: 'silentThread', text: 'the pool' }]);
  expect(await isMapped(bench, 2)).toBe(true);
});

test('a module that is unloaded while its thread runs stays mapped', async () => {
  await using bench = await openBench();
  await load(bench, await bench.compile('counter', threaded(waiting), gnu), 1);
  await call(bench, 'start_thread');
  await bench.host.unload('counter');
  expect(await bench.host.kept()).toMatchObject([{ generation: 1, blocker: aThread }]);
  expect(await isMapped(bench, 1)).toBe(true);
});

test('a version that starts a thread and is not taken in the end stays mapped', async () => {
  await using bench = await openBench();
  await load(bench, await bench.compile('counter', threaded(waiting), gnu), 1);
  const extra = threaded(waiting);
  const source = extra
    .replace('static int load_state(', 'static int load_nothing(')
    .replace(
      'MODULE_EXPORT long get_count',
      'void start_thread(void);\nstatic int load_state(const void *data, size_t size) { (void)data; (void)size; start_thread(); return 7; }\nMODULE_EXPORT long get_count',
    );
  const library = await bench.compile('counter', source, gnu);
  expect(
    await bench.host.stage({ module: 'counter', generation: 2, library, entry: entryOf('counter') }),
  ).toMatchObject({ ok: true });
  expect(await bench.host.commit({ modules: ['counter'] })).toMatchObject({ ok: false });
  expect(await bench.host.kept()).toMatchObject([{ generation: 2, blocker: aThread }]);
  await bench.host.step(2, 1 / 60);
  expect(await viewOf(bench.host, 'counter')).toBe('2');
});

test('a variable of another module that points into an old version is found, and what it points to', async () => {
  await using bench = await openBench();
  const tool = await bench.compile(
    'tool',
    counterSource({ extra: 'MODULE_EXPORT long twice(long n) { return 2 * n; }' }),
  );
  const user = `
static struct { long count; struct { char name[12]; void *use; } items[5]; } table;
MODULE_EXPORT void remember(void) { table.items[3].use = module_get_symbol("tool", "twice"); }
MODULE_EXPORT void *place(void) { return &table.items[3].use; }
MODULE_EXPORT void *start(void) { extern char __ehdr_start; return &__ehdr_start; }`;
  await load(bench, tool, 1, 'tool');
  await bench.load('user', counterSource({ extra: user }), 7);
  await call(bench, 'remember', [], 'user');
  for (let generation = 2; generation <= 4; generation++) await load(bench, tool, generation, 'tool');
  const [place, start] = [await call(bench, 'place', [], 'user'), await call(bench, 'start', [], 'user')];
  const twice = await addressOf(tool, 'twice');
  expect(await bench.host.kept()).toEqual([
    {
      ...nothing,
      module: 'tool',
      generation: 1,
      blocker: 'variable',
      holder: 'user',
      holderGeneration: 7,
      place: place - start,
      target: twice,
    },
  ]);
  await call(bench, 'remember', [], 'user');
  // A crash would bring back what the variable held at the last frame boundary.
  expect((await bench.host.kept()).map((one) => one.generation)).toEqual([1]);
  await bench.host.step(1, 1 / 60);
  expect(await bench.host.kept()).toEqual([]);
  expect(await isMapped(bench, 1, 'tool')).toBe(false);
});

test('saved state, a symbol that is gone, and a crash are told as what keeps a version', async () => {
  await using bench = await openBench();
  const pointing = counterSource({
    extra:
      'static int save(void **data, size_t *size) { const char *text = "hello"; *data = malloc(8); *size = 8; memcpy(*data, &text, 8); return 0; }\nstatic int load(const void *data, size_t size) { (void)data; (void)size; return 0; }',
    hooks: { save_state: 'save', load_state: 'load' },
  });
  for (let generation = 1; generation <= 3; generation++) await bench.load('saver', pointing, generation);
  await bench.load('faller', counterSource({ extra: 'MODULE_EXPORT void fall(void) { abort(); }' }), 1);
  await bench.host.call({ module: 'faller', symbol: 'fall', ...noArguments });
  expect(await bench.host.kept()).toMatchObject([{ module: 'saver', generation: 1, blocker: 'savedState' }]);
  for (let generation = 2; generation <= 3; generation++) await bench.load('faller', counterSource(), generation);
  const kept = await bench.host.kept();
  expect(kept.find((one) => one.module === 'faller')).toMatchObject({ generation: 1, blocker: 'crash' });
});

test('a library that the loader does not let go is found in the memory map', async () => {
  await using bench = await openBench();
  const source = counterSource({
    extra: `
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *library);
extern void *__dso_handle;
static void destroy(void *object) { (void)object; }
MODULE_EXPORT void make_thread_local(void) { __cxa_thread_atexit_impl(destroy, NULL, &__dso_handle); }`,
  });
  const library = await bench.compile('counter', source);
  await load(bench, library, 1);
  await call(bench, 'make_thread_local');
  for (let generation = 2; generation <= 4; generation++) await load(bench, library, generation);
  expect(await bench.host.kept()).toMatchObject([{ generation: 1, blocker: 'loader' }]);
  expect(await isMapped(bench, 1)).toBe(true);
  expect((await bench.host.stats()).keptImages).toBe(1);
});

test('a file that is still mapped although the loader has let go of it counts until it is gone', async () => {
  await using bench = await openBench();
  const source = counterSource({
    extra: `
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
MODULE_EXPORT void *map_itself(void) {
  Dl_info info;
  dladdr((void *)&count, &info);
  int file = open(info.dli_fname, O_RDONLY);
  return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
}
MODULE_EXPORT void unmap(void *place) { munmap(place, 4096); }`,
  });
  const library = await bench.compile('counter', source, gnu);
  await load(bench, library, 1);
  const place = await call(bench, 'map_itself');
  for (let generation = 2; generation <= 4; generation++) await load(bench, library, generation);
  expect(await bench.host.kept()).toMatchObject([{ generation: 1, blocker: 'loader' }]);
  await call(bench, 'unmap', [place]);
  await load(bench, library, 5);
  expect(await bench.host.kept()).toEqual([]);
});

const nothing: Omit<KeptImage, 'module' | 'generation' | 'blocker'> = {
  holder: '',
  holderGeneration: 0,
  place: 0n,
  target: 0n,
  searches: 0,
  thread: 0,
  text: '',
};

/** Whether the n-th private copy that the host made is still in its address space. */
async function isMapped(bench: HostBench, n: number, module = 'counter'): Promise<boolean> {
  const maps = await readFile(`/proc/${bench.host.pid}/maps`, 'utf8');
  return maps.includes(`/${n}-${module}.so`);
}

async function load(bench: HostBench, library: string, generation: number, module = 'counter'): Promise<void> {
  const staged = await bench.host.stage({ module, generation, library, entry: entryOf(module) });
  if (!staged.ok) throw new Error(staged.message);
  expect(await bench.host.commit({ modules: [module] })).toMatchObject({ ok: true });
}

const noArguments = {
  integers: [],
  floats: [],
  stack: [],
  memory: [],
  patches: [],
  returns: { in: 'registers', kinds: ['integer'] },
} as const;

async function call(
  bench: HostBench,
  symbol: string,
  integers: readonly bigint[] = [],
  module = 'counter',
): Promise<bigint> {
  const answer = await bench.host.call({ ...noArguments, module, symbol, integers });
  if (!answer.ok) throw new Error(answer.message);
  return new DataView(answer.bytes.buffer, answer.bytes.byteOffset).getBigUint64(0, true);
}

async function addressOf(library: string, symbol: string): Promise<bigint> {
  const found = readElf(await readFile(library)).dynamicSymbols.find((one) => one.name === symbol);
  return BigInt(found?.value ?? 0);
}
