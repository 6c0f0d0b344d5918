import { setTimeout as wait } from 'node:timers/promises';
import type { Host } from '../host/host.js';
import { bareCalls } from './bare-calls.js';
import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Row, type Table } from './table.js';

const modules = 100;
const seconds = 10;
const rates = [60, 240] as const;

/**
 * One frame of 100 modules whose updates do next to nothing. The engine's figure (`tickUs`) is the mean of all frames of
 * one second, from before the first module's update to after the last one's, so it holds the calls themselves too:
 * between two frames 100 libraries fall out of the processor's caches. What these calls cost without an engine is
 * measured beside it.
 */
export async function tick(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const names = Array.from({ length: modules }, (_, index) => `m${index}`);
  const files = names.map((name) => [
    `modules/${name}/${name}.c`,
    `static double time;\nvoid ${name}_update(double dt) { time += dt; }\n`,
  ]);
  await using project = await openProject(Object.fromEntries(files), env, { watch: false });
  const { host, records } = project.session.context;
  const functions = names.map((name) => ({
    library: records.get(name)?.running?.library ?? '',
    name: `${name}_update`,
  }));
  const row = (name: string, values: readonly number[]): Row => ({
    name,
    cells: [50, 95].map((percent) => number(percentile(values, percent))),
  });
  const rows: Row[] = [];
  for (const rate of rates) {
    rows.push(row(`${rate} frames a second: whole tick (goal: at most 20)`, await ticks(host, rate)));
    await host.pause();
    rows.push(row(`${rate} frames a second: the calls alone`, await bareCalls(project.root, functions, rate, seconds)));
    await host.resume();
  }
  return [
    { title: `Engine tick of ${modules} modules, means of ${seconds} s (microseconds)`, columns: ['p50', 'p95'], rows },
  ];
}

/** Asking too often would be part of what is measured. */
async function ticks(host: Host, rate: number): Promise<readonly number[]> {
  await host.setRate(rate);
  await wait(2100);
  const values: number[] = [];
  while (values.length < seconds) {
    await wait(1050);
    values.push((await host.stats()).tickUs);
  }
  return values;
}
