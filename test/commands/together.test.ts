import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeLastGood } from '../../src/session/generations/last-good.js';
import { type Ran, runIn, type ServedSession, serveSession } from '../helpers/served-session.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

const names = ['a', 'b', 'c'] as const;

const path = (name: string): string => `modules/${name}/${name}.c`;

const source = (name: string, step: number, type = 'int'): string =>
  `${type} count;\nvoid ${name}_update(double dt) { (void)dt; count += ${step}; }\n`;

const project = Object.fromEntries(names.map((name) => [path(name), source(name, 1)]));

async function write(root: string, step: number, type = 'int', which: readonly string[] = names): Promise<void> {
  for (const name of which) await writeFile(join(root, path(name)), source(name, step, type));
}

/** What each counted, after one more frame. */
async function counts({ running: { session } }: ServedSession): Promise<readonly unknown[]> {
  await session.step(1);
  const found: unknown[] = [];
  for (const module of names) {
    const { values } = await session.inspect({ module, path: 'count', elements: 1, follow: 0 });
    found.push(values[0]?.value);
  }
  return found;
}

const transactions = ({ running }: ServedSession) => names.map((name) => running.outcomes(name).at(-1)?.transaction);

/** How often each module was told of, well or not. */
const told = ({ running }: ServedSession) => names.map((name) => running.outcomes(name).length);

describe('"hotmod reload" of several modules', () => {
  test('is one transaction', async () => {
    await using served = await serveSession(project);
    await write(served.path, 10);
    const { code, out } = await served.hotmod('reload', 'b', 'a', 'b');
    expect(code).toBe(0);
    expect(out.match(/reload [ab] generation 2: ✓ reloaded SAFE/g)).toHaveLength(2);
    const [a, b, c] = transactions(served);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
    expect(await counts(served)).toEqual([10, 10, 1]);
  });

  test('changes none where one of them does not build, and says so of each', async () => {
    await using served = await serveSession(project);
    await write(served.path, 10);
    await writeFile(join(served.path, path('b')), 'nothing');
    const { code, out } = await served.hotmod('reload', 'a', 'b');
    expect(code).toBe(4);
    expect(out).toContain('reload a generation 2: ✗ refused SAFE');
    expect(out).toContain('HM517 It changed together with b, which could not be switched; it waits for it.');
    expect(await counts(served)).toEqual([1, 1, 1]);
  });

  test('with --dry-run judges them together and changes nothing', async () => {
    await using served = await serveSession(project);
    await write(served.path, 10);
    const { code, out } = await served.hotmod('reload', 'a', 'b', '--dry-run');
    expect(code).toBe(0);
    expect(out.match(/verdict [ab]: ✓ SAFE/g)).toHaveLength(2);
    expect(told(served)).toEqual([1, 1, 1]);
    await writeFile(
      join(served.path, path('b')),
      source('b', 1, 'struct { int other; }').replace('count +=', 'count.other +='),
    );
    expect((await served.hotmod('reload', 'a', 'b', '--dry-run')).code).toBe(4);
  });

  test('with --dry-run needs no session: what ran last is what they are compared with', async () => {
    await using dir = await tempDir(project);
    {
      await using running = await openTestSession(dir.path, { watch: false, stepped: true });
      const { config, records } = running.session.context;
      await writeLastGood(config.outDir, records.values());
    }
    await write(dir.path, 1, 'long');
    const { code, out } = await runIn(dir.path, ['reload', 'a', 'b', '--dry-run']);
    expect(code).toBe(0);
    expect(out.match(/verdict [ab]: ! WARNING/g)).toHaveLength(2);
    expect(await runIn(dir.path, ['reload', 'a', 'b'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('[HM521]'),
    });
    expect(await runIn(dir.path, ['reload', 'a', 'd', '--dry-run'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('"d"'),
    });
    expect((await runIn(dir.path, ['reload'])).code).toBe(2);
  });
});

/** All three modules reloaded in one transaction, then c once more by itself. */
async function reloadedTwice(): Promise<ServedSession> {
  const served = await serveSession(project);
  await write(served.path, 10);
  await served.hotmod('reload', ...names);
  await write(served.path, 100, 'int', ['c']);
  await served.hotmod('reload', 'c');
  return served;
}

describe('"hotmod rollback" of several modules', () => {
  test('takes them and their state back in one transaction', async () => {
    await using served = await reloadedTwice();
    expect(await counts(served)).toEqual([10, 10, 100]);
    const { code, out } = await served.hotmod('rollback', 'a', 'b');
    expect(code).toBe(0);
    expect(out).toContain('reload a generation 3: ✓ reloaded SAFE');
    expect(out).toContain('b runs generation 1 again');
    expect(transactions(served)[0]).toBe(transactions(served)[1]);
    expect(await counts(served)).toEqual([11, 11, 200]);
  });

  test('changes none where one of them may not go back', async () => {
    await using served = await serveSession(project);
    await write(served.path, 10_000_000_000, 'long', ['b']);
    await write(served.path, 10, 'int', ['a']);
    await served.hotmod('reload', 'a', 'b');
    await served.running.session.step(1);
    const { code, out } = await served.hotmod('rollback', 'a', 'b');
    expect(code).toBe(4);
    expect(out).toContain('It was to go back together with b, which could not; all of them stay as they are.');
    expect(served.running.outcomes('a').at(-1)).toMatchObject({
      outcome: 'refused',
      from: 2,
      reasons: [{ code: 'HM517' }],
    });
    expect((await counts(served))[0]).toBe(20);
    expect((await served.hotmod('rollback', 'a', 'b', '--force')).code).toBe(0);
  });

  test('with --last takes back what still runs of the last transaction, and then of the one before', async () => {
    await using served = await reloadedTwice();
    expect(await served.hotmod('rollback', '--last')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^(?!.*reload [ab]).*reload c generation 4: ✓ reloaded/s),
    });
    const before = await served.hotmod('rollback', '--transaction', '4');
    expect(before.code).toBe(0);
    expect(before.out.match(/reload [abc] generation 3/g)).toHaveLength(2);
    expect(await counts(served)).toEqual([1, 1, 10]);
  });

  test('says where nothing is left to take back, and where it is not clear what is meant', async () => {
    await using served = await serveSession(project);
    const refused = (ran: Ran) => [ran.code, /\[(HM\d+)\]/.exec(ran.err)?.[1]];
    expect(refused(await served.hotmod('rollback', '--last'))).toEqual([4, 'HM527']);
    expect(refused(await served.hotmod('rollback', '--transaction', '99'))).toEqual([4, 'HM527']);
    expect(refused(await served.hotmod('rollback'))).toEqual([2, 'HM526']);
    expect(refused(await served.hotmod('rollback', 'a', '--last'))).toEqual([2, 'HM526']);
    expect(refused(await served.hotmod('rollback', 'a', 'b', '--to', '1'))).toEqual([2, 'HM526']);
    expect(refused(await served.hotmod('rollback', '--last', '--to', '1'))).toEqual([2, 'HM526']);
    expect(refused(await served.hotmod('rollback', 'a', 'd'))).toEqual([2, 'HM106']);
    expect(refused(await served.hotmod('rollback', 'a', 'b'))).toEqual([4, 'HM515']);
  });

  test('with --dry-run judges all of them and changes nothing', async () => {
    await using served = await reloadedTwice();
    const before = told(served);
    const { code, out } = await served.hotmod('rollback', 'a', 'b', '--dry-run');
    expect(code).toBe(0);
    expect(out.match(/verdict [ab]: ✓ SAFE/g)).toHaveLength(2);
    expect((await served.hotmod('rollback', '--last', '--dry-run')).out).toContain('verdict c: ✓ SAFE');
    expect(told(served)).toEqual(before);
  });
});
