import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { CommitResult, TransferRequest } from '../../src/host/host.js';
import { compareState } from '../../src/state/compare.js';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel } from '../../src/state/types.js';
import { entryOf, type HostBench, openBench, until, viewOf } from '../helpers/host-modules.js';

const models = new Map<string, Promise<StateModel>>();

/** The plan that carries the variables of one library to another, as a session would make it. */
async function planBetween(
  before: string,
  after: string,
  oldImage: TransferRequest['oldImage'],
): Promise<TransferRequest> {
  const [old, now] = await Promise.all([modelOf(before), modelOf(after)]);
  const { plan, changes } = compareState(old, now, { wasName: () => null });
  if (plan === null) throw new Error(`no plan: ${JSON.stringify(changes)}`);
  return { plan: plan.bytes, what: 'variables', size: 0, mustHold: [], oldImage };
}

/** Read once for each library: the tests below load the same one many times. */
async function modelOf(library: string): Promise<StateModel> {
  const read = async (): Promise<StateModel> => readStateModel(await readFile(library), { sourceLine: () => null });
  const model = models.get(library) ?? read();
  models.set(library, model);
  return model;
}

/** Stages a library and switches to it with the state of the one before. */
async function reload(
  bench: HostBench,
  generation: number,
  before: string,
  after: string,
  oldImage: TransferRequest['oldImage'] = 'close',
): Promise<CommitResult> {
  const staged = await bench.host.stage({ module: 'm', generation, library: after, entry: entryOf('m') });
  if (!staged.ok) throw new Error(staged.message);
  return bench.host.commit({ modules: ['m'], plans: { m: await planBetween(before, after, oldImage) } });
}

async function start(bench: HostBench, library: string): Promise<void> {
  await bench.host.stage({ module: 'm', generation: 1, library, entry: entryOf('m') });
  expect(await bench.host.commit({ modules: ['m'] })).toMatchObject({ ok: true });
}

const view = 'const char *module_view(void) { static char text[64]; snprintf(text, sizeof text, SHOW); return text; }';
const counter = (by: number, more = ''): string => `
#include <stdio.h>
#include <stdlib.h>
static long count = 5;
void module_init(void) { count += 1000; }
void module_cleanup(void) { count += 100000; printf("cleanup\\n"); }
void module_update(double dt) { (void)dt; count += ${by}; ${more} }
#define SHOW "%ld", count
${view}`;

test('the life of the state goes on: neither init of the new version nor shutdown of the old one is called', async () => {
  await using bench = await openBench();
  const [first, second] = [await bench.compile('m', counter(1)), await bench.compile('m', counter(10))];
  await start(bench, first);
  await bench.host.step(2, 1 / 60);
  expect(await reload(bench, 2, first, second)).toMatchObject({ ok: true });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('1017');
  await bench.host.unload('m');
  await bench.host.close();
  expect(bench.lines.filter((line) => line.text === 'cleanup')).toHaveLength(1);
});

test('a version that is taken back leaves the one before with its variables as they were when it left', async () => {
  await using bench = await openBench();
  const [first, second] = [await bench.compile('m', counter(1)), await bench.compile('m', counter(10, 'abort();'))];
  await start(bench, first);
  await bench.host.step(2, 1 / 60);
  await reload(bench, 2, first, second);
  await bench.host.step(1, 1 / 60);
  expect(bench.faults).toMatchObject([{ generation: 2 }]);
  expect(await bench.host.revert('m')).toMatchObject({ ok: true, generation: 1 });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('1008');
  expect(bench.lines).toEqual([]);
  // It can be replaced again, from where it stands now.
  const third = await bench.compile('m', counter(100));
  expect(await reload(bench, 3, first, third)).toMatchObject({ ok: true });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('1108');
});

test('a version that crashed hands on its variables of the last frame boundary, and what ran long before it is no way back any more', async () => {
  await using bench = await openBench();
  const [first, second] = [
    await bench.compile('m', counter(1)),
    await bench.compile('m', counter(10, 'if (count > 1030) abort();')),
  ];
  await start(bench, first);
  await reload(bench, 2, first, second);
  await bench.host.step(9, 1 / 60);
  expect(bench.faults).toMatchObject([{ generation: 2 }]);
  const third = await bench.compile('m', counter(100));
  expect(await reload(bench, 3, second, third)).toMatchObject({ ok: true });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('1125');
  expect(await bench.host.revert('m')).toMatchObject({ ok: false, code: 'HM515' });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('1225');
});

/** Node of a list whose text is a literal of the version that made it. */
const named = (name: string): string => `
#include <stdio.h>
#include <stdlib.h>
struct item { const char *name; struct item *next; };
static struct item *items;
static long frames;
static struct item *make(void) { struct item *one = malloc(sizeof *one); one->name = "${name}"; one->next = NULL; return one; }
void module_update(double dt) {
  (void)dt;
  if (items == NULL) items = make();
  if (++frames == 100) { free(items); items = make(); }
}
#define SHOW "%s", items == NULL ? "" : items->name
${view}`;

test('an image stays while an object on the heap points into it, and is closed once none does', async () => {
  await using bench = await openBench();
  let before = await bench.compile('m', named('number 1'));
  await start(bench, before);
  await bench.host.step(1, 1 / 60);
  for (let generation = 2; generation <= 10; generation++) {
    const after = await bench.compile('m', named(`number ${generation}`));
    expect(await reload(bench, generation, before, after, 'search')).toMatchObject({ ok: true });
    before = after;
  }
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('number 1');
  expect((await bench.host.stats()).keptImages).toBeGreaterThan(0);
  expect(await isMapped(bench, 1)).toBe(true);

  await bench.host.step(98, 1 / 60);
  expect(await viewOf(bench.host, 'm')).toBe('number 10');
  // Words that lie unused on some stack are overwritten sooner or later.
  let generation = 11;
  await until(async () => {
    await reload(bench, generation++, before, before, 'search');
    return !(await isMapped(bench, 1));
  });
  expect(await viewOf(bench.host, 'm')).toBe('number 10');
});

/** Whether the n-th private copy that the host made is still in its address space. */
async function isMapped(bench: HostBench, n: number): Promise<boolean> {
  const maps = await readFile(`/proc/${bench.host.pid}/maps`, 'utf8');
  return maps.includes(`/${n}-m.so`);
}

test('reloads without end leave no images behind, whether their state holds pointers or not', async () => {
  await using bench = await openBench();
  const [plain, linked] = [await bench.compile('m', counter(1)), await bench.compile('m', named('same'))];
  for (const [library, oldImage] of [
    [plain, 'close'],
    [linked, 'search'],
  ] as const) {
    await start(bench, library);
    for (let generation = 2; generation <= 60; generation++) {
      expect(await reload(bench, generation, library, library, oldImage)).toMatchObject({ ok: true });
    }
    // A search takes every word for a pointer, and what lies unused in the process holds a few old ones.
    expect((await bench.host.stats()).keptImages).toBeLessThan(40);
    await bench.host.unload('m');
  }
});

/** What a C++ compiler makes of an object with static storage and a destructor (Itanium C++ ABI, 3.3.6.3). */
const destroyed = `
#include <stdio.h>
extern int __cxa_atexit(void (*function)(void *), void *argument, void *library);
extern void *__dso_handle;
static long object = 1;
static void destroy(void *at) { printf("destroyed %ld\\n", *(long *)at); fflush(stdout); }
__attribute__((constructor)) static void construct(void) { __cxa_atexit(destroy, &object, &__dso_handle); }
void module_update(double dt) { (void)dt; object++; }
`;

test('objects with static storage are destroyed once, at the end of the last version that they live in', async () => {
  await using bench = await openBench();
  const library = await bench.compile('m', destroyed, ['-Wl,--wrap=__cxa_atexit']);
  await start(bench, library);
  for (let generation = 2; generation <= 6; generation++) {
    await bench.host.step(1, 1 / 60);
    expect(await reload(bench, generation, library, library)).toMatchObject({ ok: true });
  }
  expect(bench.lines).toEqual([]);
  await bench.host.unload('m');
  await bench.host.close();
  expect(bench.lines.map((line) => line.text)).toEqual(['destroyed 6']);
});
