import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counterSource } from '../helpers/host-modules.js';
import { layLibrary } from '../helpers/laid-library.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

/** A struct on which every way back can be seen: a field in its middle, a pointer to itself, one to a function. */
const town = (options: { readonly field?: string; readonly body?: string; readonly step?: number } = {}): string => `
struct town { long people; ${options.field ?? ''} struct town *self; int (*grow)(int); double money; };
static struct town town = { .money = 2.5 };
static int grow(int n) { return n + ${options.step ?? 1}; }
void m_update(double dt) {
  (void)dt;
  if (town.self == 0) { town.self = &town; town.grow = grow; }
  town.self->people = town.grow((int)town.people);
  ${options.body ?? ''}
}
`;

test('undo after a change of the layout goes back with the values as they are now, as often as asked', async () => {
  const { running, edit, value } = await layLibrary(town());
  const { session } = running;
  await session.step(10);
  expect(await edit(town({ field: 'int added;', step: 100, body: 'town.added = 7;' }))).toMatchObject({
    outcome: 'reloaded',
    level: 'WARNING',
  });
  await session.step(2);
  expect([await value('town.people'), await value('town.added')]).toEqual([210, 7]);
  await session.rollback({ module: 'm', to: null, force: false });
  await session.step(5);
  expect([await value('town.people'), await value('town.money')]).toEqual([215, 2.5]);
  await session.rollback({ module: 'm', to: null, force: false });
  await session.step(1);
  expect([await value('town.people'), await value('town.added')]).toEqual([315, 7]);
  await session.rollback({ module: 'm', to: null, force: false });
  await session.step(1);
  expect(await value('town.people')).toBe(316);
  expect(running.events.filter((event) => event.type === 'host:crash')).toEqual([]);
});

test('a version with another layout that crashes soon is taken back, with its variables as they were a frame before', async () => {
  const { running, edit, value } = await layLibrary(town());
  const { session } = running;
  await session.step(10);
  const crash = 'if (town.people > 210) *(volatile int *)0 = 1;';
  await edit(town({ field: 'int added;', step: 100, body: crash }));
  // 110, 210, the crash, and two frames of the version before.
  await session.step(5);
  const last = running.outcomes('m').at(-1);
  expect(last).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'HM509' }] });
  expect(last?.reasons[0]?.message).toContain('with the state of the last frame boundary');
  expect(await value('town.people')).toBe(212);
  await session.step(3);
  expect([await value('town.people'), await value('town.money')]).toEqual([215, 2.5]);
  expect(await edit(town({ field: 'int added;', step: 1000 }))).toMatchObject({ outcome: 'reloaded' });
  await session.step(1);
  expect(await value('town.people')).toBe(1215);
});

test('a value that does not fit the version before has it go back with the state of the reload', async () => {
  const kept = (type: string, body: string): string =>
    `static ${type} seen; static long frames; void m_update(double dt) { (void)dt; frames++; ${body} }`;
  const { running, edit, value } = await layLibrary(kept('int', 'seen++;'));
  const { session } = running;
  await session.step(10);
  await edit(kept('long', 'seen += 3000000000; if (frames == 13) *(volatile int *)0 = 1;'));
  await session.step(5);
  const last = running.outcomes('m').at(-1);
  expect(last).toMatchObject({ outcome: 'rolledBack' });
  expect(last?.reasons[0]?.message).toContain('with the state of that reload');
  expect([await value('seen'), await value('frames')]).toEqual([12, 12]);
});

test('modules of one save go back to one moment, though only one of them could keep what came since', async () => {
  const plain = (by: number, body = ''): string =>
    `long count; void plain_update(double dt) { (void)dt; count += ${by}; ${body} }`;
  const sources = (by: number, body = ''): Readonly<Record<string, string>> => ({
    'modules/counter/counter.c': counterSource({ by }),
    'modules/plain/plain.c': plain(by, body),
  });
  await using dir = await tempDir(sources(1));
  await using running = await openTestSession(dir.path, { stepped: true, watch: false });
  const { session } = running;
  await session.step(10);
  const crash = 'if (count > 350) *(volatile int *)0 = 1;';
  for (const [name, text] of Object.entries(sources(100, crash))) await writeFile(join(dir.path, name), text);
  session.request(['counter', 'plain']);
  await session.idle();
  // 110, 210, 310, the crash, and two frames of the versions before.
  await session.step(6);
  expect(['counter', 'plain'].map((name) => running.outcomes(name).at(-1)?.outcome)).toEqual([
    'rolledBack',
    'rolledBack',
  ]);
  const plainNow = await session.inspect({ module: 'plain', path: 'count', elements: 1, follow: 0 });
  expect([await running.view('counter'), plainNow.values[0]?.value]).toEqual(['12', 12]);
});

test('modules of one save go back to the reload together where a value of one does not fit the version before', async () => {
  const sources = (type: string, by: string, body: string): Readonly<Record<string, string>> => ({
    'modules/large/large.c': `${type} count; void large_update(double dt) { (void)dt; count += ${by}; }`,
    'modules/small/small.c': `long count; void small_update(double dt) { (void)dt; count++; ${body} }`,
  });
  await using dir = await tempDir(sources('int', '1', ''));
  await using running = await openTestSession(dir.path, { stepped: true, watch: false });
  const { session } = running;
  await session.step(10);
  const next = sources('long', '3000000000L', 'if (count == 14) *(volatile int *)0 = 1;');
  for (const [name, text] of Object.entries(next)) await writeFile(join(dir.path, name), text);
  session.request(['large', 'small']);
  await session.idle();
  // Three frames, the crash, and two frames of the versions before.
  await session.step(6);
  const counts = await Promise.all(
    ['large', 'small'].map(async (module) => {
      const { values } = await session.inspect({ module, path: 'count', elements: 1, follow: 0 });
      return values[0]?.value;
    }),
  );
  expect(counts).toEqual([12, 12]);
});

test('on the way back a variable that was given its first value again has it, and one that nobody changed keeps its own', async () => {
  const { running, edit, value } = await layLibrary(
    'static int lives = 3; static int speed = 5; void m_update(double dt) { (void)dt; lives = 1; if (speed == 0) lives = 99; }',
  );
  const { session } = running;
  await session.step(10);
  // The new version starts with speed 0, which is what makes it crash, and sets lives to the value it has in the source.
  await edit(
    'static int lives = 3; static int speed = 0; static long frames; void m_update(double dt) { (void)dt; lives = 3; if (frames++ == 2) lives /= speed; }',
  );
  await session.step(3);
  expect(running.outcomes('m').at(-1)).toMatchObject({ outcome: 'rolledBack' });
  expect([await value('lives'), await value('speed')]).toEqual([3, 5]);
});

test('a version that crashes again and again is stopped, and the fix takes its state over', async () => {
  const { running, edit, value } = await layLibrary(town());
  const { session } = running;
  await session.step(10);
  await edit(town({ body: 'if (town.people > 200) *(volatile int *)0 = 1;' }));
  for (let tries = 0; tries < 20 && running.outcomes('m').at(-1)?.outcome !== 'failed'; tries++)
    await session.step(200);
  expect(running.outcomes('m').at(-1)).toMatchObject({ outcome: 'failed', reasons: [{ code: 'HM513' }] });
  expect(await edit(town({ field: 'char name[8];', step: 1000 }))).toMatchObject({ outcome: 'loaded' });
  await session.step(1);
  // What it had at the end of the last frame that did not crash, and one more step.
  expect(Number(await value('town.people'))).toBe(1200);
  expect(await value('town.money')).toBe(2.5);
});

test('inspect answers in plain words while a module crashes, is stopped and is started again', async () => {
  const { running, edit, value } = await layLibrary(town());
  const { session } = running;
  let ended = false;
  const answers: unknown[] = [];
  const reading = (async () => {
    while (!ended) {
      answers.push(await value('town.people').catch((error: { readonly code?: string }) => error.code));
      // Of a module that does not run there is nothing to wait for.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await edit(town({ body: 'if (town.people > 200) *(volatile int *)0 = 1;' }));
  for (let tries = 0; tries < 20 && running.outcomes('m').at(-1)?.outcome !== 'failed'; tries++)
    await session.step(200);
  await edit(town({ field: 'char name[8];' }));
  await session.step(1);
  ended = true;
  await reading;
  expect(answers.length).toBeGreaterThan(5);
  expect(answers.filter((one) => typeof one !== 'number' && one !== 'HM541')).toEqual([]);
});
