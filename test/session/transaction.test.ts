import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { thrown } from '../helpers/thrown.js';

const path = (name: string): string => `modules/${name}/${name}.c`;
const module = (name: string, value: string): string =>
  `int value = ${value};\nint frames;\nvoid ${name}_update(double dt) { (void)dt; frames++; }\n`;

const project = { [path('left')]: module('left', '1'), [path('right')]: module('right', '1') };

async function save(root: string, name: string, value: string): Promise<void> {
  await writeFile(join(root, path(name)), module(name, value));
}

async function liveValue({ session }: TestSession, name: string): Promise<unknown> {
  const { values } = await session.inspect({ module: name, path: 'value', elements: 1, follow: 0 });
  return values[0]?.value;
}

async function opened(root: string, options: Parameters<typeof openTestSession>[1] = {}): Promise<TestSession> {
  return openTestSession(root, { watch: false, stepped: true, ...options });
}

describe('a transaction', () => {
  test('switches its modules in one pause, under one name, when its body ends', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    const outcomes = await running.session.transaction(async (transaction) => {
      await transaction.add('left', 'right');
      await save(dir.path, 'left', '2');
      await save(dir.path, 'right', '2');
    });
    expect(outcomes).toMatchObject([{ outcome: 'reloaded' }, { outcome: 'reloaded' }]);
    expect(new Set(outcomes.map((one) => (one.type === 'reload:done' ? one.transaction : ''))).size).toBe(1);
    expect(await liveValue(running, 'left')).toBe(2);
  });

  test('starts modules that do not run yet together or not at all', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path, { start: false });
    await save(dir.path, 'right', 'nothing');
    const outcomes = await running.session.transaction((transaction) => transaction.add('left', 'right'));
    expect(outcomes.map((one) => one.type === 'reload:done' && one.outcome).toSorted()).toEqual([
      'buildFailed',
      'refused',
    ]);
    expect((await running.session.context.host.stats()).modules).toEqual([]);
  });

  test('that fails in one module leaves all as they were', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    await running.session.transaction(async (transaction) => {
      await transaction.add('left', 'right');
      await save(dir.path, 'left', '2');
      await save(dir.path, 'right', 'nothing');
    });
    expect(await liveValue(running, 'left')).toBe(1);
  });

  test('says beforehand what it would do, and changes nothing by that', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    const outcomes = await running.session.transaction(async (transaction) => {
      await transaction.add('left', 'right');
      await save(dir.path, 'left', '2');
      expect(await transaction.dryRun()).toMatchObject([
        { module: 'left', what: 'switch' },
        { module: 'right', what: 'unchanged' },
      ]);
      transaction.rollback();
    });
    expect(outcomes).toEqual([]);
  });

  test('that is rolled back, or whose body throws, leaves saves to be brought up as usual', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    const failing = running.session.transaction(async (transaction) => {
      await transaction.add('left');
      await save(dir.path, 'left', '3');
      running.session.request(['left']);
      await running.session.idle();
      expect(await liveValue(running, 'left')).toBe(1);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await running.session.idle();
    expect(await liveValue(running, 'left')).toBe(3);
  });

  test('whose modules wait for a good moment is switched together when they may be, and ends', async () => {
    const config = { reload: { defer: { minFreeMemory: 1e12, maxWaitMs: 150 } } };
    await using dir = await tempDir({ ...project, 'hotmod.config.json': JSON.stringify(config) });
    await using running = await opened(dir.path, { start: false });
    const outcomes = await running.session.transaction((transaction) => transaction.add('left', 'right'));
    expect(running.events.some((event) => event.type === 'reload:deferred')).toBe(true);
    expect(new Set(outcomes.map((one) => one.type === 'reload:done' && one.transaction)).size).toBe(1);
  });

  test('cannot be used after its end', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    await running.session.transaction(async (transaction) => {
      transaction.rollback();
      expect(await thrown(transaction.add('left'))).toMatchObject({ code: 'HM573' });
    });
  });
});

describe('two transactions that want one module', () => {
  test('run one after the other', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = running.session.transaction(async (transaction) => {
      await transaction.add('left');
      await first.promise;
      order.push('first');
    });
    const other = running.session.transaction(async (transaction) => {
      await transaction.add('left');
      order.push('second');
    });
    first.resolve();
    await Promise.all([one, other]);
    expect(order).toEqual(['first', 'second']);
  });

  test('where the second is not to wait, it is refused', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    await running.session.transaction(async (transaction) => {
      await transaction.add('left');
      const second = running.session.transaction((inner) => inner.add('left'), { onBusy: 'refuse' });
      expect(await thrown(second)).toMatchObject({ code: 'HM572' });
      transaction.rollback();
    });
  });

  test('never wait for each other for ever', async () => {
    await using dir = await tempDir(project);
    await using running = await opened(dir.path);
    const { session } = running;
    const both = Promise.withResolvers<void>();
    const one = session.transaction(async (transaction) => {
      await transaction.add('left');
      await both.promise;
      await transaction.add('right');
    });
    const other = session.transaction(async (transaction) => {
      await transaction.add('right');
      both.resolve();
      await transaction.add('left');
    });
    const results = await Promise.allSettled([one, other]);
    const [refused] = results.filter((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'HM572' });
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });
});
