import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { counting, type GoingBack, goingBack } from '../../helpers/going-back.js';
import { jsonLines, runIn } from '../../helpers/served-session.js';
import { tempDir } from '../../helpers/temp-dir.js';

const manifest = (version: string): string => JSON.stringify({ version });

/** A session on version 2.0.0 of the module, with this setting. */
function running(config: Readonly<Record<string, string>>): Promise<GoingBack> {
  return goingBack(counting(1), { 'modules/m/module.json': manifest('2.0.0'), ...config });
}

async function saveAs(served: GoingBack, version: string, step: number) {
  await writeFile(join(served.path, 'modules/m/module.json'), manifest(version));
  await writeFile(join(served.path, 'modules/m/m.c'), counting(step));
  const before = served.running.outcomes('m').length;
  await served.running.session.refresh();
  await served.running.session.idle();
  return served.running.outcomes('m')[before] ?? null;
}

function problems({ running }: GoingBack): readonly string[] {
  return running.events.flatMap((one) => (one.type === 'session:problem' && one.code === 'HM485' ? [one.message] : []));
}

const strategy = (onConflict: string) => ({ 'hotmod.config.json': JSON.stringify({ reload: { onConflict } }) });

test('"latest" is the default: a lower version is taken, and the outcome says what decided', async () => {
  await using served = await running({});
  const outcome = await saveAs(served, '1.9.0', 10);
  expect(outcome).toMatchObject({ outcome: 'reloaded', level: 'WARNING', reasons: [{ code: 'HM480' }] });
  expect(outcome?.reasons[0]?.message).toBe(
    'the version went down from 2.0.0 to 1.9.0; the default strategy "latest" decides: the new version is taken all the same',
  );
  expect(await saveAs(served, '1.9.1', 20)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});

test('"ask" stays with what runs until the reload is forced', async () => {
  await using served = await running(strategy('ask'));
  expect(await saveAs(served, '1.9.0', 10)).toMatchObject({ outcome: 'refused', reasons: [{ code: 'HM480' }] });
  expect(await served.count()).toBe(1);
  expect((await served.hotmod('reload', 'm')).code).toBe(4);
  const { code, out } = await served.hotmod('reload', 'm', '--force');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('the strategy "ask"') });
  expect(await served.count()).toBe(11);
});

test('"keep" stays with what runs, by force too; a version that is not lower goes on', async () => {
  await using served = await running(strategy('keep'));
  expect(await saveAs(served, '1.9.0', 10)).toMatchObject({ outcome: 'refused', level: 'BLOCKED' });
  expect((await served.hotmod('reload', 'm', '--force')).code).toBe(4);
  expect(await saveAs(served, '2.0.1', 100)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});

test('a function of the config decides from case to case, and is taken over when it changes', async () => {
  const file = 'hotmod.config.ts';
  const config = (body: string): string =>
    `export default { reload: { onConflict: (conflict: { kind: string; module: string; to: string }) => { ${body} } } };\n`;
  await using served = await running({
    [file]: config(`return conflict.kind === 'versionDown' && conflict.to.startsWith('1.') ? 'keep' : 'latest';`),
  });
  const kept = await saveAs(served, '1.9.0', 10);
  expect(kept).toMatchObject({ outcome: 'refused', level: 'BLOCKED' });
  expect(kept?.reasons[0]?.message).toContain('the strategy "keep" of the function reload.onConflict decides');
  await writeFile(join(served.path, file), config(`throw new Error('no idea about ' + conflict.module);`));
  const failed = await saveAs(served, '1.9.0', 20);
  expect(failed).toMatchObject({ outcome: 'reloaded', conflicts: [{ strategy: 'latest', decidedBy: 'default' }] });
  expect(problems(served).at(-1)).toBe(
    'The function reload.onConflict failed for versionDown of m: no idea about m; the default holds.',
  );
  await writeFile(join(served.path, file), config(`return 'perhaps';`));
  await saveAs(served, '1.8.0', 30);
  expect(problems(served).at(-1)).toBe(
    'The function reload.onConflict gave "perhaps" for versionDown of m in place of one of "latest", "keep", "ask"; the default holds.',
  );
});

test('going back on purpose is no conflict', async () => {
  await using served = await goingBack(counting(1), {
    'modules/m/module.json': manifest('1.0.0'),
    ...strategy('keep'),
  });
  await saveAs(served, '2.0.0', 10);
  expect(await served.hotmod('rollback', 'm', '--to', '1')).toMatchObject({ code: 0 });
  expect(await saveAs(served, '2.0.0', 100)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
});

/** Asks for the text that is on disk now, and waits until it was judged; the switch waits for the release. */
async function beginReload({ running: { session, bus } }: GoingBack): Promise<() => void> {
  const release = await session.context.turn();
  const judged = bus.next('validate:done');
  session.request(['m']);
  await judged;
  return release;
}

async function saveText({ path }: GoingBack, text: string): Promise<void> {
  await writeFile(join(path, 'modules/m/m.c'), text);
}

/** Saves one text, and another while the first is being built. */
async function saveTwice(served: GoingBack, first: number, second: number): Promise<void> {
  const { session } = served.running;
  await saveText(served, counting(first));
  const release = await beginReload(served);
  await saveText(served, counting(second));
  session.request(['m'], { savedAt: Date.now() });
  release();
  await session.idle();
}

const told = (served: GoingBack) =>
  served.running
    .outcomes('m')
    .slice(1)
    .map(({ outcome, conflicts = [] }) => [outcome, ...conflicts.map((one) => `${one.strategy} ${one.decidedBy}`)]);

describe('an edit while an earlier one is being built', () => {
  test('takes its place by default, and that is said at once and with the result', async () => {
    await using served = await running({});
    await saveTwice(served, 10, 100);
    expect(told(served)).toEqual([['reloaded', 'latest default']]);
    expect(served.running.events.filter((event) => event.type === 'conflict')).toMatchObject([
      { module: 'm', kind: 'editDuringTransaction', code: 'HM481' },
    ]);
    expect(await served.count()).toBe(100);
  });

  test('follows with "keep": both run, one after the other, and none is lost', async () => {
    await using served = await running(strategy('keep'));
    await saveTwice(served, 10, 100);
    expect(told(served)).toEqual([['reloaded'], ['reloaded', 'keep config']]);
    expect(await served.count()).toBe(100);
  });

  test('waits for the word of the user with "ask", however often it is saved again', async () => {
    await using served = await running(strategy('ask'));
    await saveTwice(served, 10, 100);
    await served.save(counting(1000));
    expect(await served.count()).toBe(10);
    expect((await served.hotmod('reload', 'm')).code).toBe(4);
    expect(await served.hotmod('reload', 'm', '--force')).toMatchObject({
      code: 0,
      out: expect.stringContaining('conflict editDuringTransaction decided by "ask" (asked, and answered by force)'),
    });
    expect(await served.count()).toBe(1010);
    expect(told(served)).toEqual([
      ['reloaded'],
      ['refused', 'ask config'],
      ['refused', 'ask config'],
      ['refused', 'ask config'],
      ['reloaded', 'ask user'],
    ]);
  });

  test('that was asked about is taken by the next save where the configuration says otherwise by then', async () => {
    await using served = await running(strategy('ask'));
    await saveTwice(served, 10, 100);
    await writeFile(join(served.path, 'hotmod.config.json'), '{}');
    await served.running.session.refresh();
    await served.running.session.idle();
    expect(await served.count()).toBe(100);
  });

  test('of the same save is no conflict, whatever is configured', async () => {
    await using served = await running(strategy('keep'));
    const { session } = served.running;
    await saveText(served, counting(10));
    const release = await session.context.turn();
    session.request(['m'], { savedAt: 1_000_000 });
    session.request(['m'], { savedAt: 1_000_050 });
    release();
    await session.idle();
    expect(told(served)).toEqual([['reloaded']]);
  });

  test('follows a transaction of the program that is being committed, whatever is configured', async () => {
    await using served = await running(strategy('latest'));
    const { session, bus } = served.running;
    await saveText(served, counting(10));
    const release = await session.context.turn();
    const judged = bus.next('validate:done');
    const outcomes = session.transaction((transaction) => transaction.add('m'));
    await judged;
    await saveText(served, counting(100));
    session.request(['m'], { savedAt: Date.now() + 1 });
    release();
    expect(await outcomes).toMatchObject([{ outcome: 'reloaded', conflicts: [] }]);
    await session.idle();
    expect(told(served)).toEqual([['reloaded'], ['reloaded', 'keep default']]);
    expect(await served.count()).toBe(100);
  });
});

describe('state that was changed during a build', () => {
  const poke = { 'modules/m/poke.c': 'int poked;\nvoid m_poke(void) { poked++; }\n' };
  const call = { module: 'm', function: 'm_poke', args: { text: [] } };

  async function pokedDuring(served: GoingBack): Promise<void> {
    const { session } = served.running;
    await saveText(served, counting(10));
    const release = await session.context.turn();
    session.request(['m']);
    const called = session.call(call);
    release();
    await called;
    await session.idle();
  }

  test('is told with the call that may have done it', async () => {
    await using served = await running(poke);
    await pokedDuring(served);
    expect(served.running.outcomes('m')[1]).toMatchObject({
      outcome: 'reloaded',
      level: 'SAFE',
      conflicts: [
        {
          kind: 'stateChanged',
          text: '"hotmod call m m_poke" may have changed the state since this build began; the default strategy "latest" decides: the reload goes on with the state as it is now',
        },
      ],
    });
  });

  test('holds the reload back with "keep", until somebody asks for it again', async () => {
    await using served = await running({ ...poke, ...strategy('keep') });
    await pokedDuring(served);
    expect(await served.count()).toBe(1);
    expect((await served.hotmod('reload', 'm')).code).toBe(0);
    expect(told(served)).toEqual([['refused', 'keep config'], ['reloaded']]);
  });

  test('before the build is none', async () => {
    await using served = await running({ ...poke, ...strategy('keep') });
    await served.running.session.call(call);
    await served.save(counting(10));
    expect(told(served)).toEqual([['reloaded']]);
  });

  test('by a rollback is one: with "keep" what was gone back to stays', async () => {
    await using served = await running(strategy('keep'));
    await served.save(counting(10));
    await saveText(served, counting(100));
    const { session, bus } = served.running;
    const judged = bus.next('validate:done');
    const release = await session.context.turn();
    session.request(['m']);
    await judged;
    const back = session.rollback({ module: 'm', to: 1, force: false });
    release();
    expect(await back).toBe('reloaded');
    await session.idle();
    const last = served.running.outcomes('m').at(-1);
    expect(last).toMatchObject({
      outcome: 'refused',
      from: 3,
      conflicts: [{ kind: 'stateChanged', strategy: 'keep' }],
    });
    expect(last?.reasons[0]?.message).toContain('"hotmod rollback m" may have changed the state');
  });
});

test('a strategy for one kind leaves the others at their default; one that could not work is turned down', async () => {
  await using served = await running({
    'hotmod.config.json': JSON.stringify({ reload: { onConflict: { editDuringTransaction: 'keep' } } }),
  });
  expect(await saveAs(served, '1.9.0', 10)).toMatchObject({
    outcome: 'reloaded',
    conflicts: [{ kind: 'versionDown', strategy: 'latest', decidedBy: 'default' }],
  });
  await writeFile(
    join(served.path, 'hotmod.config.json'),
    JSON.stringify({ reload: { onConflict: { duplicateSymbol: 'latest' } } }),
  );
  await served.running.session.refresh();
  expect(served.running.events.findLast((event) => event.type === 'config:rejected')).toMatchObject({
    code: 'HM103',
    message: expect.stringContaining('"reload.onConflict.duplicateSymbol" has a wrong value: "latest"'),
  });
});

test('the history tells later which strategy decided, with a session and without', async () => {
  const lines = 'HM480 versionDown decided by "latest" (the default)';
  await using dir = await tempDir({});
  {
    await using served = await running({});
    await saveAs(served, '1.9.0', 10);
    expect((await served.hotmod('history', 'm')).out).toContain(lines);
    const [newest] = jsonLines((await served.hotmod('history', 'm', '--json')).out);
    expect(newest).toMatchObject({ conflicts: [{ kind: 'versionDown', strategy: 'latest', decidedBy: 'default' }] });
    await cp(served.path, dir.path, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  }
  expect((await runIn(dir.path, ['history', 'm'])).out).toContain(lines);
});
