import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counting, goingBack } from '../helpers/going-back.js';
import { jsonLines, runIn } from '../helpers/served-session.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('goes back to any generation that was kept, and takes the state along', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  await served.save(counting(100));
  expect(await served.count()).toBe(100);
  const { code, out } = await served.hotmod('rollback', 'm', '--to', '1');
  expect(code).toBe(0);
  expect(out).toContain('reload m generation 4: ✓ reloaded SAFE');
  expect(out).toContain('m runs generation 1 again; the source is newer, and its next change is taken again');
  expect(await served.count()).toBe(101);
  expect((await served.hotmod('rollback', 'm', '--to', '2')).code).toBe(0);
  expect(await served.count()).toBe(111);
});

test('without a number it goes back to what ran before, and by that forward again', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  expect((await served.hotmod('rollback', 'm')).code).toBe(0);
  expect(await served.count()).toBe(1);
  const { out } = await served.hotmod('rollback', 'm');
  expect(await served.count()).toBe(11);
  // That is what the source gives, so there is nothing to say about it.
  expect(out).toContain('m runs generation 2 again\n');
});

test('the next change of the source is taken again', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  await served.hotmod('rollback', 'm', '--to', '1');
  expect(await served.save(counting(100))).toMatchObject({ outcome: 'reloaded', generation: 4, from: 3, restores: 0 });
  expect(await served.count()).toBe(100);
});

test('as events it is a verdict and an outcome that says what it restores', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { out } = await served.hotmod('rollback', 'm', '--to', '1', '--json');
  expect(jsonLines(out)).toMatchObject([
    { type: 'assess:done', module: 'm', level: 'SAFE' },
    { type: 'reload:done', outcome: 'reloaded', generation: 3, from: 2, restores: 1, sourceNewer: true },
  ]);
});

test('what is UNSAFE backwards is refused with its reasons, and the program is left as it is', async () => {
  const wide = counting(1, 'unsigned char flag;');
  // A value that the narrower type of the earlier version cannot hold.
  const narrow = wide.replace('long count', 'signed char count').replace('state.count; }', '(long)state.count; }');
  await using served = await goingBack(narrow);
  await served.save(wide);
  await served.running.session.step(1000);
  const { code, out } = await served.hotmod('rollback', 'm', '--to', '1');
  expect({ code, out }).toMatchObject({ code: 4, out: expect.stringContaining('refused UNSAFE') });
  expect(out).toContain('generation 2 runs on');
  expect(await served.count()).toBe(1001);
  const dry = await served.hotmod('rollback', 'm', '--to', '1', '--dry-run');
  expect(dry.out).toContain('verdict m');
  const forced = await served.hotmod('rollback', 'm', '--to', '1', '--force');
  expect(forced).toMatchObject({ code: 0, out: expect.stringContaining('reloaded UNSAFE') });
});

test('--dry-run gives the verdict and changes nothing', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { code, out } = await served.hotmod('rollback', 'm', '--dry-run');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('verdict m: ✓ SAFE') });
  expect(served.running.outcomes('m')).toHaveLength(2);
});

test('a generation that does not exist, that runs, or whose library is gone names those that can be gone back to', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  await served.save(counting(100));
  const unknown = await served.hotmod('rollback', 'm', '--to', '9');
  expect(unknown).toMatchObject({
    code: 2,
    err: expect.stringContaining('no generation 9 of m to go back to. [HM564]'),
  });
  expect(unknown.err).toContain('These can be gone back to: 2, 1.');
  expect((await served.hotmod('rollback', 'm', '--to', '3')).err).toContain(
    'Generation 3 of m is what runs, or ran last.',
  );
  const kept = served.running.session.context.history.journal.kept('m');
  const first = kept.find((one) => one.generation === 1);
  await rm(join(served.path, '.hotmod/generations/m', `${first?.hash}.so`));
  const gone = await served.hotmod('rollback', 'm', '--to', '1');
  expect(gone).toMatchObject({ code: 2, err: expect.stringContaining('These can be gone back to: 2.') });
  expect(await served.count()).toBe(100);
});

test('of more generations than are kept, the oldest cannot be gone back to', async () => {
  const config = { 'hotmod.config.json': JSON.stringify({ keepGenerations: 2 }) };
  await using served = await goingBack(counting(1), config);
  for (const step of [2, 3, 4]) await served.save(counting(step));
  expect((await served.hotmod('rollback', 'm', '--to', '1')).err).toContain('These can be gone back to: 3.');
  expect((await served.hotmod('rollback', 'm', '--to', '3')).code).toBe(0);
});

test('a new session goes on with the numbers, and back to what ran in the one before', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  {
    await using first = await openTestSession(dir.path, { watch: false, stepped: true });
    expect(first.outcomes('m')).toMatchObject([{ generation: 1 }]);
  }
  await writeFile(join(dir.path, 'modules/m/m.c'), counting(10));
  await using second = await openTestSession(dir.path, { watch: false, stepped: true });
  expect(second.outcomes('m')).toMatchObject([{ outcome: 'loaded', generation: 2, from: 0 }]);
  expect(await second.session.rollback({ module: 'm', to: null, force: false })).toBe('reloaded');
  expect(second.outcomes('m')[1]).toMatchObject({ generation: 3, restores: 1, sourceNewer: true });
});

test('a module that ran only once has nothing to go back to', async () => {
  await using served = await goingBack();
  expect(await served.hotmod('rollback', 'm')).toMatchObject({ code: 4, err: expect.stringContaining('[HM515]') });
  expect(await served.hotmod('rollback', 'nobody')).toMatchObject({ code: 2 });
});

test('a module that was stopped after crashes goes back, with the state of the last frame boundary', async () => {
  const crashing = counting(10).replace(
    'state.count += 10;',
    'state.count += 10; if (state.count > 100) *(volatile int *)0 = 1;',
  );
  await using served = await goingBack(counting(1), {
    'hotmod.config.json': JSON.stringify({ host: { probationFrames: 0, restart: { max: 0 } } }),
  });
  await served.save(crashing);
  const { session } = served.running;
  await session.step(11);
  expect(served.running.outcomes('m').at(-1)).toMatchObject({ outcome: 'failed', reasons: [{ code: 'HM513' }] });
  expect((await served.hotmod('rollback', 'm')).code).toBe(0);
  expect(served.running.outcomes('m').at(-1)).toMatchObject({ outcome: 'loaded', generation: 3, from: 0, restores: 1 });
  expect(await served.count()).toBe(101);
});

test('a module of which nothing runs is told which generations there are, and starts at the one that is named', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  await (await openTestSession(dir.path, { watch: false, stepped: true }))[Symbol.asyncDispose]();
  await writeFile(join(dir.path, 'modules/m/m.c'), 'int broken(');
  await using next = await openTestSession(dir.path, { watch: false, stepped: true });
  await expect(next.session.rollback({ module: 'm', to: null, force: false })).rejects.toMatchObject({
    code: 'HM515',
    message: expect.stringContaining('These can be gone back to: 1.'),
  });
  expect(await next.session.rollback({ module: 'm', to: 1, force: false })).toBe('loaded');
  expect(next.outcomes('m').at(-1)).toMatchObject({ outcome: 'loaded', generation: 2, restores: 1, sourceNewer: true });
});

test('without a session it says so with code 3', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  expect(await runIn(dir.path, ['rollback', 'm'])).toMatchObject({ code: 3, err: expect.stringContaining('[HM521]') });
  expect(await runIn(dir.path, ['pin', 'm'])).toMatchObject({ code: 3 });
});

test('a version that was judged while somebody went back is judged again, against what runs then', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10, 'int added;'));
  expect(await served.count()).toBe(10);
  const { session } = served.running;
  // From here on its types are compared with those of generation 2; its commit waits for the rollback.
  const judged = served.running.bus.next('validate:done');
  const saved = served.save(counting(100, 'int added; double more;'));
  await judged;
  expect(await session.rollback({ module: 'm', to: 1, force: false })).toBe('reloaded');
  await saved;
  expect(served.running.outcomes('m').map((one) => [one.outcome, one.from])).toEqual([
    ['loaded', 0],
    ['reloaded', 1],
    ['reloaded', 2],
    ['reloaded', 3],
  ]);
  expect(await served.count()).toBe(110);
});
