import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { counterSource, type HostBench, openBench, until, viewOf } from '../helpers/host-modules.js';

/** Starts a thread in its first frame that runs until `stop_threads` is called, in code of the version that started it. */
const threaded = (work: string, name = 'worker'): string =>
  counterSource({
    extra: `
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
static _Atomic int stopping;
_Atomic long turns;
static void *work(void *unused) {
  (void)unused;
  pthread_setname_np(pthread_self(), "${name}");
  while (!stopping) { turns++; ${work} }
  return NULL;
}
static pthread_t thread;
MODULE_EXPORT void start_thread(void) { pthread_create(&thread, NULL, work, NULL); }
static void *far_end;
MODULE_EXPORT void *stop_place(void) { far_end = (void *)&stopping; return far_end; }`,
  });

const waiting = 'usleep(1000);';
const computing = 'for (volatile int n = 0; n < 1000; n++) { }';

for (const [how, work] of [
  ['waits in the kernel', waiting],
  ['computes', computing],
] as const) {
  test(`a thread that ${how} in an old version keeps its code mapped, and goes on`, async () => {
    await using bench = await openBench();
    const library = await bench.compile('counter', threaded(work));
    await load(bench, library, 1);
    await call(bench, 'start_thread');
    for (let generation = 2; generation <= 6; generation++) await load(bench, library, generation);
    expect(await isMapped(bench, 1)).toBe(true);
    expect(await isMapped(bench, 2)).toBe(false);
    await bench.host.step(3, 1 / 60);
    expect(await viewOf(bench.host, 'counter')).toBe('3');
  });
}

/** Whether the n-th private copy that the host made is still in its address space. */
async function isMapped(bench: HostBench, n: number): Promise<boolean> {
  const maps = await readFile(`/proc/${bench.host.pid}/maps`, 'utf8');
  return maps.includes(`/${n}-counter.so`);
}

async function load(bench: HostBench, library: string, generation: number): Promise<void> {
  const entry = {
    getInterface: ['get_module_interface'],
    init: [],
    update: [],
    shutdown: [],
    saveState: [],
    loadState: [],
    view: ['module_view'],
  };
  const staged = await bench.host.stage({ module: 'counter', generation, library, entry });
  if (!staged.ok) throw new Error(staged.message);
  expect(await bench.host.commit({ modules: ['counter'] })).toMatchObject({ ok: true });
}

async function call(bench: HostBench, symbol: string): Promise<void> {
  const request = { integers: [], floats: [], stack: [], memory: [], patches: [], returns: { in: 'nothing' } } as const;
  expect(await bench.host.call({ module: 'counter', symbol, ...request })).toMatchObject({ ok: true });
}
