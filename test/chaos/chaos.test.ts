import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { play } from '../../src/chaos/play.js';
import { describeSchedule, type Schedule, type ScheduleLimits, scheduleOf } from '../../src/chaos/schedule.js';

const any: ScheduleLimits = { modules: { from: 1, to: 5 }, kind: null, save: null };
const env = { PATH: process.env.PATH, HOME: process.env.HOME, HOTMOD_CACHE: join(tmpdir(), 'hotmod-test-cache') };

/** The first schedule from a seed on that fits. */
function find(seed: number, limits: Partial<ScheduleLimits>, fits: (schedule: Schedule) => boolean): Schedule {
  for (let next = seed; next < seed + 10_000; next++) {
    const schedule = scheduleOf(next, { ...any, ...limits });
    if (fits(schedule)) return schedule;
  }
  throw new Error('no schedule fits');
}

const several = ({ together }: Schedule): boolean => together.length >= 2 && together.length <= 3;

function hook(name: string, way: string): Schedule {
  return find(
    1,
    { kind: 'hook' },
    (one) =>
      several(one) && one.disturbance.kind === 'hook' && one.disturbance.hook === name && one.disturbance.way === way,
  );
}

function killed(kind: 'killConductor' | 'killHost' | 'secondSave', at: string): Schedule {
  return find(
    1,
    { kind },
    (one) =>
      several(one) &&
      'at' in one.disturbance &&
      (one.disturbance.at.after === 'ms' ? at === 'ms' : one.disturbance.at.type === at),
  );
}

function crash(after: number): Schedule {
  return find(
    1,
    { kind: 'update' },
    (one) => several(one) && one.disturbance.kind === 'update' && one.disturbance.frames === after,
  );
}

/** One of each kind; `npm run chaos` plays as many as one likes. */
const schedules: readonly Schedule[] = [
  find(1, { kind: 'none', save: 'files' }, several),
  hook('prepare_reload', 'error'),
  hook('save_state', 'SIGSEGV'),
  hook('migrate_state', 'SIGFPE'),
  hook('init', 'SIGABRT'),
  hook('load_state', 'SIGILL'),
  hook('complete_reload', 'overflow'),
  hook('shutdown', 'SIGBUS'),
  crash(0),
  crash(5),
  killed('killConductor', 'validate:done'),
  killed('killConductor', 'reload:done'),
  killed('killHost', 'validate:done'),
  killed('secondSave', 'ms'),
];

describe('a transaction that is disturbed runs wholly or not at all, and no frame sees a mix', () => {
  test.for(schedules.map((schedule) => [describeSchedule(schedule), schedule] as const))('%s', async ([, schedule]) => {
    expect((await play(schedule, env)).violations).toEqual([]);
  });
});

describe('a schedule', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(scheduleOf(1, any)).toEqual(scheduleOf(1, any));
    expect(scheduleOf(1, any)).not.toEqual(scheduleOf(2, any));
  });
});
