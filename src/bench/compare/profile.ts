import { Session } from 'node:inspector/promises';
import { percentile } from '../statistics.js';
import { number } from '../table.js';
import { type Spending, type Spent, summarise, type Window } from './cpu-profile.js';
import { openHotmod } from './hotmod.js';
import { type Step, stepsOf } from './marks.js';
import { createEdits } from './measure.js';
import type { Work } from './work.js';

/** Where the time goes from a save to the new code running. */
export interface ProfileOfWork {
  readonly title: string;
  readonly rounds: number;
  /** Medians and p95 of the way from mark to mark, in its order. */
  readonly steps: readonly StepOfWork[];
  /** For one save. */
  readonly conductor: Spending;
  /** As Chrome's developer tools and Node's own read it. */
  readonly cpuProfile: string;
}

interface StepOfWork {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
  /** What the conductor computed meanwhile, for one save. */
  readonly spent: Spending;
}

/** Microseconds between two samples. */
const samplingUs = 100;
const warmUp = 30;

/** Saves a work again and again with a profiler on the conductor, which is this process. */
export async function profile(
  work: Work,
  rounds: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProfileOfWork> {
  const nextEdit = createEdits();
  await using hotmod = await openHotmod(work, nextEdit(), env, { inside: true });
  for (let round = 0; round < Math.min(warmUp, rounds); round++) await hotmod.run(await work.source(nextEdit()));
  const inspector = new Session();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.setSamplingInterval', { interval: samplingUs });
  await inspector.post('Profiler.start');
  const runs: (readonly Step[])[] = [];
  // Both clocks are the monotonic one, and count from different moments.
  const offsetUs = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;
  for (let round = 0; round < rounds; round++) {
    await hotmod.run(await work.source(nextEdit()));
    const marks = hotmod.marks();
    runs.push(stepsOf(marks.slice(0, marks.findIndex(({ name }) => name === 'reload:done') + 1)));
  }
  const { profile: taken } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  const spentIn = (steps: readonly Step[]): Spending => {
    const windows = steps.map(
      ({ at, ms }): Window => ({ from: at * 1000 + offsetUs, to: (at + ms) * 1000 + offsetUs }),
    );
    return divided(summarise(taken, windows), rounds);
  };
  return {
    title: work.title,
    rounds,
    steps: medians(runs, spentIn),
    conductor: spentIn(runs.flat()),
    cpuProfile: JSON.stringify(taken),
  };
}

function divided({ files, functions, idleMs, busyMs }: Spending, by: number): Spending {
  const each = (spent: readonly Spent[]) => spent.map(({ name, ms }) => ({ name, ms: ms / by }));
  return { files: each(files), functions: each(functions), idleMs: idleMs / by, busyMs: busyMs / by };
}

/** In the order of the most usual way; steps that only some runs took are left out. */
function medians(
  runs: readonly (readonly Step[])[],
  spentIn: (steps: readonly Step[]) => Spending,
): readonly StepOfWork[] {
  return [...Map.groupBy(runs.flat(), ({ name }) => name)]
    .filter(([, each]) => each.length > runs.length / 2)
    .map(([name, each]) => {
      const times = each.map(({ ms }) => ms);
      return { name, p50: percentile(times, 50), p95: percentile(times, 95), spent: spentIn(each) };
    });
}

const barWidth = 40;
const mostLines = 15;
const fewLines = 8;
const worthShowingMs = 0.2;

export function profileText({ title, rounds, steps, conductor }: ProfileOfWork): string {
  const longest = Math.max(...steps.map(({ p50 }) => p50), Number.EPSILON);
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, p50, p95 }) => {
    const bar = '#'.repeat(Math.round((p50 / longest) * barWidth));
    return `  ${name.padEnd(width)}  ${number(p50).padStart(7)}  ${number(p95).padStart(7)}  ${bar}`;
  });
  const { busyMs, idleMs, files, functions } = conductor;
  return [
    `${title}: from the save to the new code running, ${rounds} rounds (ms p50, p95)`,
    ...lines,
    '',
    `The conductor's processor time for one save: ${number(busyMs)} ms busy, ${number(idleMs)} ms waiting`,
    ...spentLines('by file', files, mostLines),
    ...spentLines('by function, what it calls left out', functions, mostLines),
    ...steps
      .filter(({ spent }) => spent.busyMs > worthShowingMs)
      .flatMap(({ name, spent }) => [
        '',
        ...spentLines(`${name}: ${number(spent.busyMs)} ms busy`, spent.functions, fewLines),
      ]),
  ].join('\n');
}

function spentLines(title: string, spent: readonly Spent[], most: number): readonly string[] {
  return [`  ${title}`, ...spent.slice(0, most).map(({ name, ms }) => `  ${number(ms).padStart(7)}  ${name}`)];
}
