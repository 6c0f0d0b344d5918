import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveRecovery } from '../../../src/config/resolve.js';
import type { CrashReport, RecoveredReport, RecoveryConfig } from '../../../src/config/resolved.js';
import { createBus } from '../../../src/events/bus.js';
import type { HotmodEvent } from '../../../src/events/events.js';
import { createRecoveries } from '../../../src/session/recovery/recoveries.js';
import { createRecoveryTally } from '../../../src/session/recovery/statistics.js';
import { counterSource } from '../../helpers/host-modules.js';
import { openTestSession } from '../../helpers/session.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

const source = 'modules/counter/counter.c';
const crash = '{ volatile int *nowhere = 0; *nowhere = 1; }';

const crashed = (choices: CrashReport['choices'] = ['stop', 'restartModule']): CrashReport => ({
  module: 'm',
  generation: 1,
  errorClass: 'segv',
  signal: 'SIGSEGV',
  call: 'update',
  frames: 3,
  function: 'm_update',
  file: 'modules/m/m.c',
  line: 4,
  stack: [],
  action: 'restartModule',
  choices,
  recoveryMs: 0.05,
});
const recovered: RecoveredReport = {
  module: 'm',
  crashed: 1,
  generation: 1,
  errorClass: 'segv',
  action: 'goOn',
  recoveryMs: 0.05,
};

function watched(config: Partial<RecoveryConfig>) {
  const bus = createBus();
  const events: HotmodEvent[] = [];
  bus.on((event) => events.push(event));
  const problems = (): readonly HotmodEvent[] => events.filter((event) => event.type === 'session:problem');
  return { recoveries: createRecoveries(bus, () => ({ ...resolveRecovery({}), ...config })), problems };
}

describe('onCrash', () => {
  test('may choose what is done, at once or by a promise', async () => {
    const told: CrashReport[] = [];
    const onCrash = (report: CrashReport) => {
      told.push(report);
      return 'stop';
    };
    expect(await watched({ onCrash }).recoveries.crashed(crashed())).toBe('stop');
    expect(told).toEqual([crashed()]);
    const later = watched({ onCrash: async () => 'restartModule' });
    expect(await later.recoveries.crashed(crashed())).toBe('restartModule');
    expect(later.problems()).toEqual([]);
  });

  test('that says nothing, or is not there, leaves it to the policy', async () => {
    expect(await watched({}).recoveries.crashed(crashed())).toBe(null);
    const silent = watched({ onCrash: () => undefined });
    expect(await silent.recoveries.crashed(crashed())).toBe(null);
    expect(silent.problems()).toEqual([]);
  });

  for (const [name, onCrash] of [
    [
      'throws',
      () => {
        throw new Error('no network');
      },
    ],
    ['is rejected', () => Promise.reject(new Error('no network'))],
  ] as const) {
    test(`that ${name} leaves it to the policy, which is said once`, async () => {
      const { recoveries, problems } = watched({ onCrash });
      expect(await recoveries.crashed(crashed())).toBe(null);
      expect(await recoveries.crashed(crashed())).toBe(null);
      expect(problems()).toMatchObject([{ code: 'HM531', message: expect.stringContaining('no network') }]);
    });
  }

  test('that never answers is waited for no longer than its time, which is said once', async () => {
    const { recoveries, problems } = watched({ onCrash: () => new Promise(() => {}), callbackTimeoutMs: 20 });
    expect(await recoveries.crashed(crashed())).toBe(null);
    expect(await recoveries.crashed(crashed())).toBe(null);
    expect(problems()).toMatchObject([{ code: 'HM532', message: expect.stringContaining('within 20 ms') }]);
  });

  test('that chooses what cannot be done leaves it to the policy, and is told what can', async () => {
    const { recoveries, problems } = watched({ onCrash: () => 'rollBack' });
    expect(await recoveries.crashed(crashed())).toBe(null);
    expect(problems()).toMatchObject([
      { code: 'HM533', message: expect.stringContaining('"rollBack" for segv; possible are "stop", "restartModule"') },
    ]);
  });

  test('is not waited for where nothing is left to be chosen, and told so where it chose all the same', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { recoveries, problems } = watched({ onCrash: () => promise });
    expect(await recoveries.crashed(crashed([]))).toBe(null);
    resolve('stop');
    await waitFor(() => problems().length > 0, 'the problem');
    expect(problems()).toMatchObject([
      { code: 'HM533', message: expect.stringContaining('everything had been done already') },
    ]);
  });
});

test('onRecovered that throws or never ends disturbs nobody, which is said once', async () => {
  const failing = watched({ onRecovered: () => Promise.reject(new Error('no mail')) });
  for (const _ of [1, 2]) failing.recoveries.dealtWith(recovered, { recovered: true, tried: true });
  await waitFor(() => failing.problems().length > 0, 'the problem');
  expect(failing.problems()).toMatchObject([{ code: 'HM531', message: expect.stringContaining('onRecovered') }]);
  const slow = watched({ onRecovered: () => new Promise(() => {}), callbackTimeoutMs: 20 });
  for (const _ of [1, 2]) slow.recoveries.dealtWith(recovered, { recovered: true, tried: true });
  await waitFor(() => slow.problems().length > 0, 'the problem');
  expect(slow.problems()).toMatchObject([{ code: 'HM532' }]);
});

describe('statistics', () => {
  const one = { module: 'm', errorClass: 'segv', tried: true, recovered: true, recoveryMs: 1 } as const;

  test('count by module and class, with the share that recovered', () => {
    const tally = createRecoveryTally();
    tally.add(one);
    tally.add({ ...one, errorClass: 'hang', recovered: false });
    tally.add({ ...one, module: 'n', tried: false, recovered: false });
    tally.addNextCall('m', 7);
    expect(tally.countsOf('m')).toEqual({
      crashes: 2,
      byClass: { segv: 1, hang: 1 },
      tried: 2,
      recovered: 1,
      rate: 0.5,
      recoveryMs: { mean: 1, p50: 1, p99: 1 },
      nextCallMs: { mean: 7, p50: 7, p99: 7 },
    });
    expect(tally.countsOf('n')).toMatchObject({ crashes: 1, tried: 0, rate: null, recoveryMs: null });
    const all = tally.statistics();
    expect(all).toMatchObject({ crashes: 3, byClass: { segv: 2, hang: 1 }, tried: 2, recovered: 1 });
    expect(Object.keys(all.modules)).toEqual(['m', 'n']);
    expect(tally.countsOf('never')).toMatchObject({ crashes: 0, rate: null });
  });

  test('have the times of the newest 1,000 and the counts of all', () => {
    const tally = createRecoveryTally();
    for (let n = 1; n <= 500; n++) tally.add({ ...one, recoveryMs: 1e6 });
    for (let n = 1; n <= 1000; n++) tally.add({ ...one, recoveryMs: n });
    expect(tally.countsOf('m')).toMatchObject({
      recovered: 1500,
      recoveryMs: { mean: 500.5, p50: 500, p99: 990 },
    });
  });
});

test('a session tells the callbacks of its config of each crash and recovery, and what came of all at its end', async () => {
  const config = `
import { appendFileSync } from 'node:fs';
const note = (what) => (report) => {
  appendFileSync(new URL('./told.ndjson', import.meta.url), JSON.stringify({ what, ...report }) + '\\n');
  return report.choices?.includes('stop') && report.frames > 5 ? 'stop' : undefined;
};
export default {
  recovery: { policy: { segv: 'restartModule' }, onCrash: note('crash'), onRecovered: note('recovered') },
};`;
  const files = { [source]: counterSource({ body: `if (count % 7 == 3) ${crash}` }), 'hotmod.config.mjs': config };
  await using dir = await tempDir(files);
  const running = await openTestSession(dir.path, { stepped: true, watch: false });
  await running.session.step(3);
  await running.session.step(3);
  const told = async (): Promise<readonly unknown[]> => {
    const { readFile } = await import('node:fs/promises');
    const text = await readFile(join(dir.path, 'told.ndjson'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  };
  const place = { function: 'update', file: source, line: expect.any(Number) };
  await waitFor(async () => (await told()).length >= 4, 'all reports');
  expect(await told()).toMatchObject([
    {
      what: 'crash',
      ...{ module: 'counter', generation: 1, errorClass: 'segv', signal: 'SIGSEGV', call: 'update', frames: 2 },
      ...place,
      stack: expect.arrayContaining([expect.objectContaining({ function: 'update' })]),
      action: 'restartModule',
      choices: ['goOn', 'restartModule', 'restartHost', 'stop'],
      recoveryMs: expect.any(Number),
    },
    { what: 'recovered', module: 'counter', crashed: 1, generation: 1, action: 'restartModule' },
    { what: 'crash' },
    { what: 'recovered' },
  ]);
  await running.session.step(1);
  await waitFor(() => running.session.recoveryStatistics().nextCallMs !== null, 'the call after the crash');
  const statistics = running.session.recoveryStatistics();
  expect(statistics).toMatchObject({ crashes: 2, byClass: { segv: 2 }, recovered: 2, rate: 1 });
  expect(statistics.nextCallMs?.mean).toBeGreaterThan(statistics.recoveryMs?.p50 ?? 0);
  await running[Symbol.asyncDispose]();
  expect(running.events.at(-1)).toMatchObject({ type: 'recovery:statistics', ...statistics });
});

test('what onCrash chooses for a module that is out of the frame loop is done', async () => {
  const config = `export default { recovery: { policy: { segv: 'restartModule' }, onCrash: () => 'stop' } };`;
  const files = { [source]: counterSource({ body: crash }), 'hotmod.config.mjs': config };
  await using dir = await tempDir(files);
  await using running = await openTestSession(dir.path, { stepped: true, watch: false });
  await running.session.step(1);
  const last = running.outcomes('counter').at(-1);
  expect(last).toMatchObject({ outcome: 'failed', reasons: [{ code: 'HM535' }] });
  expect(last?.reasons[0]?.message).toContain('recovery.onCrash said "stop"');
});

test('what onCrash chooses after a hang is done before the next host runs modules', async () => {
  const config = `export default { timeouts: { call: 300 }, recovery: { onCrash: async ({ choices }) => choices.at(-1) } };`;
  const files = { [source]: counterSource(), 'modules/other/other.c': counterSource(), 'hotmod.config.mjs': config };
  await using dir = await tempDir(files);
  await using running = await openTestSession(dir.path, { watch: false });
  await writeFile(join(dir.path, source), counterSource({ body: 'for (volatile int n = 1; n; ) {}' }));
  await running.session.refresh();
  await waitFor(() => running.outcomes('counter').some((one) => one.outcome === 'failed'), 'the stop');
  await running.session.idle();
  // By its policy the version, on probation, would have gone back.
  expect(running.outcomes('counter').at(-1)?.reasons).toMatchObject([{ code: 'HM535' }]);
});
