import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventOf } from '../../../src/events/events.js';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

const path = (name: string): string => `modules/${name}/${name}.c`;
const tool = (factor: number): string => `
int frames;
__attribute__((visibility("default"))) long multiply(long n) { return n * ${factor}; }
void tool_update(double dt) { (void)dt; frames++; }
`;

/** Keeps the address of a function of another module, and asks for it anew when it is told to. */
const user = `#include "module_interface.h"
struct item { char name[12]; void *use; };
struct { long count; struct item items[5]; } table;
int ask = 1;
void user_update(double dt) {
  (void)dt;
  if (ask) table.items[3].use = module_get_symbol("tool", "multiply");
  ask = 0;
}
__attribute__((visibility("default"))) void ask_again(void) { ask = 1; }
`;

/** Starts a thread that never ends, in code of the version that started it. */
const worker = (by: number): string => `#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>
int frames;
static void *work(void *unused) {
  (void)unused;
  for (;;) usleep(1000);
  return 0;
}
void worker_init(void) {
  pthread_t thread;
  pthread_create(&thread, 0, work, 0);
  pthread_setname_np(thread, "the worker");
  pthread_detach(thread);
}
void worker_update(double dt) { (void)dt; frames += ${by}; }
`;

async function reload(root: string, running: TestSession, name: string, text: string): Promise<void> {
  const before = running.outcomes(name).length;
  await writeFile(join(root, path(name)), text);
  running.session.request([name], { acceptUnsafe: true });
  await running.session.idle();
  expect(running.outcomes(name).slice(before)).toMatchObject([{ outcome: 'reloaded' }]);
}

function toldOf({ events }: TestSession): readonly EventOf<'image:kept'>[] {
  return events.filter((event) => event.type === 'image:kept');
}

test('the variable that keeps an old version is named, once, and so is its end', async () => {
  await using dir = await tempDir({ [path('tool')]: tool(2), [path('user')]: user });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(1);
  await reload(dir.path, running, 'tool', tool(3));
  expect(toldOf(running)).toEqual([]);
  await reload(dir.path, running, 'tool', tool(4));
  const kept = await waitFor(() => toldOf(running)[0], 'image:kept');
  expect(kept).toMatchObject({
    module: 'tool',
    generation: 1,
    code: 'HM574',
    blocker: 'variable',
    holder: 'user',
    holderGeneration: 1,
    path: 'table.items[3].use',
    target: 'the function multiply',
    thread: null,
    again: false,
  });
  expect(kept?.message).toBe(
    'Generation 1 of tool stays in memory: table.items[3].use of user (generation 1) points to the function multiply.',
  );
  await reload(dir.path, running, 'tool', tool(5));

  await running.session.call({ module: 'user', function: 'ask_again', args: { text: [] } });
  await running.session.step(2);
  const closed = running.bus.next('image:closed');
  await reload(dir.path, running, 'tool', tool(6));
  expect(await closed).toMatchObject({ module: 'tool', generation: 1 });
  expect(toldOf(running)).toHaveLength(1);
});

/** Keeps the address of a function of the version that ran first, where no type says that it is one. */
const box = (by: number): string => `#include <stdlib.h>
int frames;
void **hidden;
static void first(void) { frames += ${by}; }
void box_update(double dt) {
  (void)dt;
  if (hidden == 0) {
    hidden = calloc(4, sizeof *hidden);
    hidden[2] = (void *)first;
  }
  frames++;
}
`;

test('an object on the heap that keeps an old version is told when a second search has found it, with what it points to', async () => {
  await using dir = await tempDir({ [path('box')]: box(1) });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(1);
  for (let by = 2; by <= 12; by++) await reload(dir.path, running, 'box', box(by));
  const kept = await waitFor(() => toldOf(running)[0], 'image:kept');
  expect(kept).toMatchObject({ module: 'box', generation: 1, code: 'HM575', blocker: 'memory', again: false });
  expect(kept.message).toMatch(/an object on the heap at 0x[0-9a-f]+ points to /);
  expect(toldOf(running).filter((one) => !one.again)).toHaveLength(1);
});

/** Calls another module, and could have callbacks on the heap, so that all memory is searched before it is unloaded. */
const caller = (by: number): string => `
long multiply(long n);
struct node { struct node *next; void (*show)(struct node *); };
struct node *first;
long sum;
void user_update(double dt) { (void)dt; sum += multiply(${by}); }
`;

test('a version that uses another module is let go by a search of all memory', async () => {
  const manifest = JSON.stringify({ dependencies: [{ name: 'tool', version: '*' }] });
  await using dir = await tempDir({
    [path('tool')]: tool(2),
    [path('user')]: caller(1),
    'modules/user/module.json': manifest,
  });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  for (let by = 2; by <= 15; by++) await reload(dir.path, running, 'user', caller(by));
  // Up to three wait until a search is worth its time, and words that lie unused somewhere may keep one or two more.
  const kept = await running.session.context.host.kept();
  expect(kept.length).toBeLessThan(7);
});

test('a thread that outlives its version is named, and the function that it is in', async () => {
  await using dir = await tempDir({ [path('worker')]: worker(1) });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  for (const by of [2, 3]) await reload(dir.path, running, 'worker', worker(by));
  const kept = await waitFor(() => toldOf(running)[0], 'image:kept');
  expect(kept).toMatchObject({
    module: 'worker',
    generation: 1,
    code: 'HM576',
    blocker: 'thread',
    thread: { name: 'the worker' },
    function: 'work',
    file: path('worker'),
    line: 5,
  });
  expect(kept?.message).toMatch(/thread \d+ \(the worker\) is inside it, in work \(modules\/worker\/worker\.c:5\)\.$/);
  await running.session.step(3);
  expect(running.events.filter((event) => event.type === 'host:crash')).toEqual([]);
});
