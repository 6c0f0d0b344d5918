import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counting, goingBack } from '../helpers/going-back.js';
import { jsonLines, runIn } from '../helpers/served-session.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('lists what became of each version, newest first, and marks what runs, what is pinned, what is kept', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  await served.save('int broken(');
  await served.hotmod('pin', 'm', '--at', '1');
  const { code, out } = await served.hotmod('history', 'm');
  expect(code).toBe(0);
  const lines = out.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'TIME').trimEnd());
  expect(lines[0]).toMatch(/^time +module +gen +verdict +outcome +build +pause +total +files$/);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^TIME {2}m +#3 +✓ SAFE +reloaded +- +[\d.]+ +[\d.]+ +runs, as #1 +modules\/m\/m\.c$/),
    expect.stringMatching(/^TIME {2}m +- +- +build failed +[\d.]+ +- +[\d.]+$/),
    expect.stringMatching(/^ {4}HM2\d\d expected/),
    expect.stringMatching(/^TIME {2}m +#2 +✓ SAFE +reloaded +[\d.]+ +[\d.]+ +[\d.]+ +kept +modules\/m\/m\.c$/),
    expect.stringMatching(/^TIME {2}m +#1 +✓ SAFE +loaded +[\d.]+ +[\d.]+ +[\d.]+ +pinned$/),
    '',
  ]);
  expect((await served.hotmod('history', '--limit', '1')).out.trimEnd().split('\n')).toHaveLength(2);
});

test('as JSON it is one object a line', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { out } = await served.hotmod('history', '--json');
  expect(jsonLines(out)).toMatchObject([
    { module: 'm', generation: 2, from: 1, outcome: 'reloaded', running: true, files: ['modules/m/m.c'] },
    { module: 'm', generation: 1, from: 0, outcome: 'loaded', running: false, kept: true, files: [] },
  ]);
});

test('--diff shows what a generation changed in the source, as a unified diff', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { code, out } = await served.hotmod('history', 'm', '--diff', '2');
  expect(code).toBe(0);
  expect(out).toBe(`--- a/modules/m/m.c\t#1
+++ b/modules/m/m.c\t#2
@@ -1,4 +1,4 @@
 struct state {  long count; };
 static struct state state;
 long m_count(void) { return state.count; }
-void m_update(double dt) { (void)dt; state.count += 1; }
+void m_update(double dt) { (void)dt; state.count += 10; }
`);
  const json = jsonLines((await served.hotmod('history', 'm', '--diff', '2', '--json')).out);
  expect(json).toMatchObject([{ module: 'm', generation: 2, base: 1, files: [{ path: 'modules/m/m.c', patch: out }] }]);
  expect(await served.hotmod('history', 'm', '--diff', '1')).toMatchObject({
    code: 2,
    err: expect.stringContaining('[HM568]'),
  });
  expect(await served.hotmod('history', '--diff', '2')).toMatchObject({ code: 2 });
});

test('a file that is too large to be kept is only named', async () => {
  await using served = await goingBack(counting(1));
  await served.save(`${counting(10)}/*${'x'.repeat(1024 * 1024)}*/\n`);
  expect((await served.hotmod('history', 'm', '--diff', '2')).out).toBe(
    'modules/m/m.c changed; its text was not kept.\n',
  );
});

test('without a session it reads the journal itself', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  expect(await runIn(dir.path, ['history'])).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('Nothing happened yet'),
  });
  {
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    await appendFile(join(dir.path, 'modules/m/m.c'), 'int added;\n');
    running.session.request(['m']);
    await running.session.idle();
  }
  const { out } = await runIn(dir.path, ['history', 'm', '--json']);
  expect(jsonLines(out)).toMatchObject([
    { generation: 2, running: false, kept: true },
    { generation: 1, running: false, kept: true },
  ]);
  expect((await runIn(dir.path, ['history', 'm', '--diff', '2'])).out).toContain('+int added;\n');
  expect(await runIn(dir.path, ['history', 'n'])).toMatchObject({ code: 2 });
});

test('where the journal cannot be read it says so with code 3', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1), '.hotmod/history.db': 'rubbish '.repeat(200) });
  expect(await runIn(dir.path, ['history'])).toMatchObject({ code: 3, err: expect.stringContaining('[HM560]') });
});

test('a session on a damaged journal says so and goes on, and its own history is whole', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1), '.hotmod/history.db': 'rubbish '.repeat(200) });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  expect(running.events.filter((event) => event.type === 'session:problem')).toMatchObject([{ code: 'HM560' }]);
  await writeFile(join(dir.path, 'modules/m/m.c'), counting(10));
  running.session.request(['m']);
  await running.session.idle();
  expect(await running.session.rollback({ module: 'm', to: 1, force: false })).toBe('reloaded');
  const { entries } = running.session.past({ module: null, limit: 10, diff: null });
  expect(entries.map((one) => one.generation)).toEqual([3, 2, 1]);
});

test('where the journal was lost, numbers go on from what ran last', async () => {
  await using dir = await tempDir({ 'modules/m/m.c': counting(1), '.hotmod/history.db': 'rubbish '.repeat(200) });
  const library = { library: '/gone.so', hash: 'gone', generation: 17, loaded: null };
  await writeFile(join(dir.path, '.hotmod/last-good.json'), JSON.stringify({ m: library }));
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  expect(running.outcomes('m')).toMatchObject([{ outcome: 'loaded', generation: 18 }]);
});
