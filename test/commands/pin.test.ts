import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counting, goingBack } from '../helpers/going-back.js';
import { jsonLines } from '../helpers/served-session.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('a pinned module stays: what is saved is built and judged, and not switched to until it is unpinned', async () => {
  await using served = await goingBack(counting(1));
  const pinned = await served.hotmod('pin', 'm');
  expect(pinned).toMatchObject({ code: 0, out: expect.stringContaining('m is pinned: it stays at generation 1') });
  expect(await served.save(counting(10))).toMatchObject({
    outcome: 'refused',
    level: 'SAFE',
    from: 1,
    reasons: [{ code: 'HM565' }],
  });
  expect(served.running.events.filter((event) => event.type === 'assess:done')).toHaveLength(2);
  expect(await served.count()).toBe(1);
  const unpinned = await served.hotmod('unpin', 'm');
  expect(unpinned).toMatchObject({ code: 0, out: expect.stringContaining('reloaded SAFE') });
  expect(await served.count()).toBe(11);
  expect(await served.hotmod('unpin', 'm')).toMatchObject({ code: 2, err: expect.stringContaining('[HM566]') });
});

test('--at goes back first; rollback is refused while it is pinned', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { code, out } = await served.hotmod('pin', 'm', '--at', '1', '--json');
  expect(code).toBe(0);
  expect(jsonLines(out)).toMatchObject([
    { type: 'assess:done' },
    { type: 'reload:done', generation: 3, restores: 1 },
    { type: 'module:pinned', module: 'm', generation: 1 },
  ]);
  expect(await served.count()).toBe(1);
  expect(await served.hotmod('rollback', 'm')).toMatchObject({ code: 4, err: expect.stringContaining('[HM565]') });
  expect(await served.hotmod('pin', 'm', '--at', '7')).toMatchObject({ code: 4 });
});

test('a build that fails is told as such, pinned or not', async () => {
  await using served = await goingBack(counting(1));
  await served.hotmod('pin', 'm');
  expect(await served.save('int broken(')).toMatchObject({ outcome: 'buildFailed' });
});

test('what changed together with a pinned module waits for it, so that no frame runs a mix', async () => {
  const source = (name: string): string =>
    `#include "../shared/shared.h"\nstatic long n = SHARED;\nlong ${name}_n(void) { return n * SHARED; }\nvoid ${name}_update(double dt) { (void)dt; n++; }\n`;
  await using dir = await tempDir({
    'modules/a/a.c': source('a'),
    'modules/b/b.c': source('b'),
    'modules/shared/shared.h': '#define SHARED 1\n',
  });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  const { session } = running;
  await session.pin('a', null);
  await writeFile(join(dir.path, 'modules/shared/shared.h'), '#define SHARED 2\n');
  session.request(['a', 'b']);
  await session.idle();
  expect(running.outcomes('a').at(-1)).toMatchObject({ outcome: 'refused', reasons: [{ code: 'HM565' }] });
  expect(running.outcomes('b').at(-1)).toMatchObject({ outcome: 'refused', reasons: [{ code: 'HM517' }] });
  await session.unpin('a');
  expect(['a', 'b'].map((name) => running.outcomes(name).at(-1)?.outcome)).toEqual(['reloaded', 'reloaded']);
});

test('a pin outlives the session: the next one starts at it, even where the source does not compile', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  {
    await using first = await openTestSession(dir.path, { watch: false, stepped: true });
    await first.session.pin('m', null);
  }
  for (const [text, generation] of [
    [counting(10), 2],
    ['int broken(', 3],
  ] as const) {
    await writeFile(join(dir.path, 'modules/m/m.c'), text);
    await using next = await openTestSession(dir.path, { watch: false, stepped: true });
    expect(next.events).toContainEqual(expect.objectContaining({ type: 'module:pinned', module: 'm', generation: 1 }));
    expect(next.outcomes('m')).toMatchObject([{ outcome: 'loaded', generation, restores: 1, sourceNewer: true }]);
    await next.session.step(3);
    const { values } = await next.session.inspect({ module: 'm', path: 'state.count', elements: 8, follow: 0 });
    expect(values[0]?.value).toBe(3);
  }
});

test('a pin whose library is gone is taken away, and that is said', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  {
    await using first = await openTestSession(dir.path, { watch: false, stepped: true });
    await first.session.pin('m', null);
  }
  await rm(join(dir.path, '.hotmod/generations'), { recursive: true });
  await writeFile(join(dir.path, 'modules/m/m.c'), counting(10));
  await using next = await openTestSession(dir.path, { watch: false, stepped: true });
  expect(next.events).toContainEqual(expect.objectContaining({ type: 'session:problem', code: 'HM567', module: 'm' }));
  expect(next.outcomes('m')).toMatchObject([{ outcome: 'loaded', generation: 2, restores: 0 }]);
  expect(next.session.past({ module: 'm', limit: 5, diff: null }).entries.some((one) => one.pinned)).toBe(false);
});

test('libraries that can be gone back to stay on disk, however much is built after them; others make room', async () => {
  await using served = await goingBack(counting(1), { 'hotmod.config.json': '{ "keepGenerations": 3 }' });
  const { session } = served.running;
  const { builder, history } = session.context;
  await served.save(counting(2));
  await served.save(counting(3));
  const kept = history.journal.kept('m').map((one) => one.hash);
  await session.pin('m', null);
  // What is built and held back is only in the cache, of which the newest fifty stay.
  await served.save(counting(4));
  const held = (await readdir(join(served.path, '.hotmod/generations/m')))
    .filter((name) => name.endsWith('.so'))
    .map((name) => name.replace('.so', ''))
    .find((hash) => !kept.includes(hash));
  for (let step = 5; step < 60; step++) await served.save(counting(step));
  await session[Symbol.asyncDispose]();
  expect(kept.map((hash) => builder.libraryOf('m', hash) === null)).toEqual([false, false, false]);
  expect(builder.libraryOf('m', held ?? '')).toBeNull();
});
