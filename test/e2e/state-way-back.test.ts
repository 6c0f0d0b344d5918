import { expect, test } from 'vitest';
import { layLibrary } from '../helpers/laid-library.js';

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

test('a version with another layout that crashes at once is taken back, with the state of before the reload', async () => {
  const { running, edit, value } = await layLibrary(town());
  const { session } = running;
  await session.step(10);
  const crash = 'if (town.people > 210) *(volatile int *)0 = 1;';
  await edit(town({ field: 'int added;', step: 100, body: crash }));
  await session.step(5);
  expect(running.outcomes('m').at(-1)).toMatchObject({ outcome: 'rolledBack' });
  const people = Number(await value('town.people'));
  expect(people).toBeGreaterThanOrEqual(10);
  expect(people).toBeLessThan(20);
  await session.step(3);
  expect(await value('town.people')).toBe(people + 3);
  expect(await edit(town({ field: 'int added;', step: 1000 }))).toMatchObject({ outcome: 'reloaded' });
  await session.step(1);
  expect(await value('town.people')).toBe(people + 1003);
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
  expect(Number(await value('town.people'))).toBeGreaterThan(1200);
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
