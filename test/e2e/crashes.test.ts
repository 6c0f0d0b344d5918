import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EventOf, EventType, HotmodEvent } from '../../src/events/events.js';
import { reduce } from '../../src/view/reduce.js';
import { initialState } from '../../src/view/state.js';
import { isAlive } from '../helpers/cli.js';
import { counterSource } from '../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/counter/counter.c';
const other = 'modules/other/other.c';
const goodProject = { [source]: counterSource(), [other]: counterSource() };
const crash = '{ volatile int *nowhere = 0; *nowhere = 1; }';
/** Crashes at one count, once: what is on the heap does not go back with the variables. */
const onceAt = (count: number) =>
  `static int *tries; if (tries == NULL) tries = calloc(1, sizeof *tries); if (count == ${count} && (*tries)++ == 0) ${crash}`;
const loop = 'for (volatile int n = 1; n; ) {}';

const count = async (running: TestSession, module = 'counter'): Promise<number> =>
  Number((await running.view(module)) || Number.NaN);

function eventsOf<T extends EventType>(running: TestSession, type: T): readonly EventOf<T>[] {
  return running.events.filter((event: HotmodEvent): event is EventOf<T> => event.type === type);
}

/** Saves, waits until the next outcome of the module that `accept` takes, and until all is quiet again. */
async function save(dir: string, running: TestSession, text: string, accept: string): Promise<EventOf<'reload:done'>> {
  const before = running.outcomes('counter').length;
  await writeFile(join(dir, source), text);
  const event = await waitFor(
    () =>
      running
        .outcomes('counter')
        .slice(before)
        .find((one) => one.outcome === accept),
    `${accept} of counter`,
  );
  await running.session.idle();
  return event;
}

const shown = (running: TestSession, module = 'counter') => {
  const state = running.events.reduce(reduce, initialState);
  return { ...state.modules.find((one) => one.name === module), problems: state.problems };
};

describe('a module that crashes', () => {
  test('in its first frames is taken back with the state of the reload, and the others miss no frame', async () => {
    await using dir = await tempDir(goodProject);
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(10);
    await save(dir.path, running, counterSource({ by: 100, body: crash }), 'reloaded');
    await running.session.step(3);
    const last = running.outcomes('counter').at(-1);
    expect(last).toMatchObject({ outcome: 'rolledBack', generation: 2, from: 1, reasons: [{ code: 'HM509' }] });
    expect(last?.reasons[0]?.message).toContain('with the state of that reload');
    // Of the three frames the first crashed, and the version before ran the other two.
    expect(await count(running)).toBe(12);
    await running.session.step(5);
    expect(await count(running)).toBe(17);
    expect(await count(running, 'other')).toBe(18);

    await writeFile(join(dir.path, source), counterSource());
    await waitFor(() => eventsOf(running, 'module:current').length > 0, 'the earlier text to be seen');
    await running.session.idle();
    expect(shown(running)).toMatchObject({ stage: 'running', failure: '', level: 'SAFE', problems: [] });
  });

  test('later goes on with the variables of the frame before, and shows as running, its crash still told', async () => {
    await using dir = await tempDir({ ...goodProject, [source]: counterSource({ body: onceAt(70) }) });
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(75);
    expect(eventsOf(running, 'host:crash')).toMatchObject([{ module: 'counter', code: 'HM509', fatal: false }]);
    const [again] = eventsOf(running, 'module:restarted');
    expect(again).toMatchObject({ module: 'counter', generation: 1, state: { bytes: expect.any(Number) } });
    expect(again?.message).toContain('as they were at the last frame boundary');
    expect(again?.message).toContain('memory from malloc');
    const now = shown(running);
    expect(now).toMatchObject({ stage: 'running', problems: [{ code: 'HM509' }] });
    expect(now.problems[0]?.message).toContain('goes on');
    // The one frame that crashed is all that it cost.
    expect(await count(running)).toBe(74);
    await running.session.step(5);
    expect([await count(running), await count(running, 'other')]).toEqual([79, 80]);
  });

  test('later and has no hooks for its state goes on just so', async () => {
    const hooks = { save_state: 'NULL', load_state: 'NULL' };
    await using dir = await tempDir({ [source]: counterSource({ hooks, body: onceAt(70) }) });
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(75);
    expect(eventsOf(running, 'module:restarted')).toMatchObject([{ generation: 1 }]);
    expect(await count(running)).toBe(74);
  });

  for (const [settings, why] of [
    [{ frameCopies: false }, 'host.frameCopies is off'],
    [{ frameCopyLimit: 0 }, 'larger than host.frameCopyLimit'],
  ] as const) {
    test(`later, where ${why}, is started again with what the crash left, and that is said`, async () => {
      const config = JSON.stringify({ host: settings });
      const files = { [source]: counterSource({ body: onceAt(70) }), 'hotmod.config.json': config };
      await using dir = await tempDir(files);
      await using running = await openTestSession(dir.path, { stepped: true });
      await running.session.step(75);
      expect(eventsOf(running, 'host:crash')).toMatchObject([{ message: expect.stringContaining(why) }]);
      expect(eventsOf(running, 'module:restarted')).toMatchObject([
        { generation: 1, state: { bytes: 8 }, message: expect.stringContaining('with the state it had') },
      ]);
      await running.session.step(5);
      expect(await count(running)).toBe(75);
    });
  }

  test('later, without a copy and without types that tell its state, starts afresh, and that is said', async () => {
    const hooks = { save_state: 'NULL', load_state: 'NULL' };
    const files = {
      [source]: counterSource({ hooks, body: `if (count == 70) ${crash}` }),
      'modules/counter/module.json': JSON.stringify({ build: { cflags: ['-g0'] } }),
      'hotmod.config.json': JSON.stringify({ host: { frameCopies: false } }),
    };
    await using dir = await tempDir(files);
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(75);
    const [again] = eventsOf(running, 'module:restarted');
    expect(again).toMatchObject({ state: { bytes: 0 }, message: expect.stringContaining('its state was lost') });
    await running.session.step(1);
    expect(await count(running)).toBeLessThan(70);
  });

  test('too often is stopped alone; its next good build starts it again', async () => {
    await using dir = await tempDir({ ...goodProject, [source]: counterSource({ body: `if (count > 70) ${crash}` }) });
    await using running = await openTestSession(dir.path, { stepped: true });
    for (let n = 0; n < 80; n++) await running.session.step(1);
    expect(running.outcomes('counter').at(-1)).toMatchObject({
      outcome: 'failed',
      reasons: [{ code: 'HM513' }],
      from: 0,
    });
    expect(shown(running)).toMatchObject({ stage: 'failed', generation: 0, view: '' });
    expect(await count(running, 'other')).toBe(80);
    const mended = await save(dir.path, running, counterSource(), 'loaded');
    expect(mended.generation).toBe(2);
    await running.session.step(1);
    expect(await count(running)).toBeGreaterThan(70);
    expect(await count(running, 'other')).toBe(81);
    expect(shown(running)).toMatchObject({ stage: 'running', problems: [] });
  });
});

describe('a module that takes its host down', () => {
  for (const [name, body, code] of [
    ['calls exit() in update', 'exit(4);', 'HM510'],
    ['never returns from update', loop, 'HM511'],
  ] as const) {
    test(`and ${name} is named and taken back, and all modules run again in a new host`, async () => {
      const config = JSON.stringify({ host: { hangTimeoutMs: 500 } });
      await using dir = await tempDir({ ...goodProject, 'hotmod.config.json': config });
      await using running = await openTestSession(dir.path);
      await waitFor(async () => (await count(running)) > 5, 'some frames');
      const back = await save(dir.path, running, counterSource({ body }), 'rolledBack');
      expect(back).toMatchObject({ generation: 2, from: 1, reasons: [{ code }] });
      const [end] = eventsOf(running, 'host:crash');
      expect(end).toMatchObject({ module: 'counter', generation: 2, code, fatal: true });
      expect(end?.message).toContain('update of counter');
      expect(end?.message).toContain('A new one takes over');
      const restarted = eventsOf(running, 'module:restarted');
      expect(restarted.map((event) => event.module)).toEqual(['counter', 'other']);
      for (const { message } of restarted) expect(message).toContain('with its variables as they were before frame');
      await waitFor(async () => (await count(running)) > 0, 'frames of counter');
      await waitFor(async () => (await count(running, 'other')) > 0, 'frames of other');

      await writeFile(join(dir.path, source), counterSource());
      await waitFor(() => eventsOf(running, 'module:current').length > 0, 'the earlier text to be seen');
      await running.session.idle();
      expect(shown(running)).toMatchObject({ stage: 'running', failure: '', level: 'SAFE', problems: [] });
      expect(shown(running, 'other')).toMatchObject({ stage: 'running' });
    });
  }

  test('with its first version is stopped at once, and starts when it is mended', async () => {
    const config = JSON.stringify({ host: { hangTimeoutMs: 500 } });
    const project = { ...goodProject, [source]: counterSource({ body: loop }), 'hotmod.config.json': config };
    await using dir = await tempDir(project);
    await using running = await openTestSession(dir.path);
    await waitFor(() => running.outcomes('counter').some((event) => event.outcome === 'failed'), 'the stop');
    await running.session.idle();
    expect(running.outcomes('counter').at(-1)).toMatchObject({
      outcome: 'failed',
      from: 0,
      reasons: [{ code: 'HM511' }],
    });
    expect(eventsOf(running, 'host:crash')).toHaveLength(1);
    await waitFor(async () => (await count(running, 'other')) > 0, 'frames of other');
    await save(dir.path, running, counterSource(), 'loaded');
    await waitFor(async () => (await count(running)) > 0, 'frames of counter');
  });

  test('in its first init keeps no other from starting', async () => {
    const init = { extra: 'static int bad(const module_config_t *c) { (void)c; exit(1); }', hooks: { init: 'bad' } };
    await using dir = await tempDir({ ...goodProject, 'modules/aaa/aaa.c': counterSource(init) });
    await using running = await openTestSession(dir.path);
    await running.session.idle();
    expect(running.outcomes('aaa')).toMatchObject([{ outcome: 'failed', from: 0, reasons: [{ code: 'HM510' }] }]);
    for (const module of ['counter', 'other']) {
      expect(running.outcomes(module)).toMatchObject([{ outcome: 'loaded' }]);
      await waitFor(async () => (await count(running, module)) > 0, `frames of ${module}`);
    }
  });

  test('in load_state costs no module its version', async () => {
    const bad = {
      extra: 'static int bad(const void *d, size_t n) { (void)d, (void)n; _exit(1); }',
      hooks: { load_state: 'bad' },
    };
    await using dir = await tempDir(goodProject);
    await using running = await openTestSession(dir.path);
    const text = counterSource(bad).replace('#include <stdio.h>', '#include <stdio.h>\n#include <unistd.h>');
    const back = await save(dir.path, running, text, 'rolledBack');
    expect(back).toMatchObject({ from: 1, reasons: [{ code: 'HM510' }] });
    expect(back.reasons[0]?.message).toContain('load_state of counter');
    for (const module of ['counter', 'other']) {
      await waitFor(async () => (await count(running, module)) > 0, `frames of ${module}`);
    }
  });
});

test('a module that kills its own process is named, and so are the others that may have done it', async () => {
  await using dir = await tempDir(goodProject);
  await using running = await openTestSession(dir.path);
  await waitFor(async () => (await count(running)) > 5, 'some frames');
  // Not in its first frame, which may come before the answer to its commit.
  const body = 'static int frames; if (++frames > 20) kill(getpid(), SIGKILL);';
  const text = `#include <signal.h>\n#include <unistd.h>\n${counterSource({ body })}`;
  const back = await save(dir.path, running, text, 'rolledBack');
  expect(back.reasons[0]?.message).toContain('Generation 2 was ended with SIGKILL after');
  const [end] = eventsOf(running, 'host:crash');
  expect(end).toMatchObject({ module: 'counter', generation: 2, code: 'HM512', signal: 'SIGKILL', fatal: true });
  expect(end?.message).toContain(
    'with SIGKILL during update of counter: by the module itself, by somebody, or for want',
  );
  await waitFor(async () => (await count(running)) > 0, 'frames of counter');
});

test('a thread that outlives its version and crashes is told with that version, and blames none that runs', async () => {
  const go = 'modules/counter/go';
  await using dir = await tempDir(goodProject);
  const first = `#include <pthread.h>
#include <unistd.h>
${counterSource({
  extra: `static void *outlive(void *nothing) {
  while (access("${join(dir.path, go)}", F_OK) != 0) usleep(1000);
  *(volatile int *)nothing = 1;
  return nothing;
}
static int begin(const module_config_t *c) { pthread_t t; (void)c; return pthread_create(&t, NULL, outlive, NULL); }`,
  hooks: { init: 'begin' },
})}`;
  await writeFile(join(dir.path, source), first);
  await using running = await openTestSession(dir.path);
  await waitFor(async () => (await count(running)) > 5, 'some frames');
  await save(dir.path, running, counterSource({ by: 2 }), 'reloaded');
  await writeFile(join(dir.path, go), '');
  await waitFor(() => eventsOf(running, 'module:restarted').length === 2, 'both modules to be started again');
  await running.session.idle();
  const [end] = eventsOf(running, 'host:crash');
  expect(end).toMatchObject({ module: 'counter', generation: 1, function: 'outlive', file: source, fatal: true });
  expect(end?.message).toContain('in a thread of counter generation 1');
  expect(shown(running)).toMatchObject({ stage: 'running', generation: 2 });
  await waitFor(async () => (await count(running)) > 0, 'frames of counter');
});

test('a host that is killed from outside is replaced, nobody is blamed, and all modules run again', async () => {
  await using dir = await tempDir(goodProject);
  await using running = await openTestSession(dir.path);
  const { pid } = running.session.context.host;
  await waitFor(async () => (await count(running)) > 5, 'some frames');
  process.kill(pid, 'SIGKILL');
  await waitFor(() => eventsOf(running, 'module:restarted').length === 2, 'both modules to be started again');
  await running.session.idle();
  expect(isAlive(pid)).toBe(false);
  expect(eventsOf(running, 'host:crash')).toMatchObject([{ code: 'HM512', signal: 'SIGKILL', fatal: true }]);
  expect(running.session.context.host.pid).not.toBe(pid);
  await waitFor(async () => (await count(running)) > 0, 'frames of counter');
  expect(shown(running)).toMatchObject({ stage: 'running', generation: 1 });
  const reloaded = await save(dir.path, running, counterSource({ by: 2 }), 'reloaded');
  expect(reloaded).toMatchObject({ generation: 2, from: 1 });
  expect(shown(running).problems).toEqual([]);
});
