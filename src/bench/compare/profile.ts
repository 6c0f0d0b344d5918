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
  readonly steps: readonly { readonly name: string; readonly p50: number; readonly p95: number }[];
  /** For one save. */
  readonly conductor: Spending;
  /** As Chrome's developer tools and Node's own read it. */
  readonly cpuProfile: string;
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
  await using hotmod = await openHotmod(work, nextEdit(), env, { warm: true, inside: true });
  for (let round = 0; round < Math.min(warmUp, rounds); round++) await hotmod.run(await work.source(nextEdit()));
  const inspector = new Session();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.setSamplingInterval', { interval: samplingUs });
  await inspector.post('Profiler.start');
  const windows: Window[] = [];
  const runs: (readonly Step[])[] = [];
  for (let round = 0; round < rounds; round++) {
    const text = await work.source(nextEdit());
    const from = nowUs();
    const { ms } = await hotmod.run(text);
    windows.push({ from, to: from + ms * 1000 });
    const marks = hotmod.marks();
    runs.push(stepsOf(marks.slice(0, marks.findIndex(({ name }) => name === 'reload:done') + 1)));
  }
  const { profile: taken } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  const spent = summarise(taken, windows);
  return {
    title: work.title,
    rounds,
    steps: medians(runs),
    conductor: {
      files: spent.files.map((one) => ({ ...one, ms: one.ms / rounds })),
      functions: spent.functions.map((one) => ({ ...one, ms: one.ms / rounds })),
      idleMs: spent.idleMs / rounds,
      busyMs: spent.busyMs / rounds,
    },
    cpuProfile: JSON.stringify(taken),
  };
}

/** The clock of V8's profiler. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** In the order of the most usual way; steps that only some runs took are left out. */
function medians(runs: readonly (readonly Step[])[]): ProfileOfWork['steps'] {
  const times = new Map<string, number[]>();
  for (const { name, ms } of runs.flat()) times.set(name, [...(times.get(name) ?? []), ms]);
  return [...times]
    .filter(([, each]) => each.length > runs.length / 2)
    .map(([name, each]) => ({ name, p50: percentile(each, 50), p95: percentile(each, 95) }));
}

const barWidth = 40;
const mostLines = 15;

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
    ...spentLines('by file', files),
    ...spentLines('by function, what it calls left out', functions),
  ].join('\n');
}

function spentLines(title: string, spent: readonly Spent[]): readonly string[] {
  return [`  ${title}`, ...spent.slice(0, mostLines).map(({ name, ms }) => `  ${number(ms).padStart(7)}  ${name}`)];
}
