import { percentile } from '../statistics.js';
import { number, type Row, type Table } from '../table.js';
import type { Measured } from './measure.js';
import { ratiosOf } from './ratios.js';
import { phasesIn } from './rivals.js';

/** What a work took, beside the others, and where hotmod's time went. */
export function comparisonTable(measured: Measured): Table {
  const { title, command, rounds, base, goal, samples } = measured;
  const ratios = ratiosOf(measured);
  const rows = [...samples].map(([name, list]): Row => {
    const ratio = ratios.get(name);
    const goals = name === 'hotmod' && goal !== null ? ` (goal: ${goalText(goal)})` : '';
    const shown = name === 'plain' ? `plain: ${command}` : name;
    const times = percentiles(list.map(({ ms }) => ms));
    return {
      name: shown + goals,
      cells: [...times, number(ratio?.p50 ?? Number.NaN), number(ratio?.p95 ?? Number.NaN)],
    };
  });
  return {
    title: `${measured.work}: ${title}, ${rounds} rounds in turns (ms; ratios to ${base === '' ? 'nothing' : base})`,
    columns: ['p50', 'p95', 'ratio p50', 'ratio p95'],
    rows: [...rows, ...phaseRows(measured), ...precompiledRows(measured)],
  };
}

function goalText({ p50, p95 }: NonNullable<Measured['goal']>): string {
  return p95 === null ? `${p50} p50` : `${p50} p50, ${p95} p95`;
}

function phaseRows({ samples }: Measured): readonly Row[] {
  const phases = phasesIn(samples.get('hotmod') ?? []);
  return Object.keys(phases[0] ?? {}).map((name) => ({
    name: `  hotmod: ${name}`,
    cells: percentiles(phases.map((one) => one[name] ?? Number.NaN)),
  }));
}

/** How many of the edits took their headers from what was precompiled, where any did. */
function precompiledRows({ samples }: Measured): readonly Row[] {
  const own = samples.get('hotmod') ?? [];
  const count = own.filter(({ precompiled }) => precompiled === true).length;
  return count === 0
    ? []
    : [{ name: '  hotmod: edits with a precompiled header', cells: [`${count} of ${own.length}`] }];
}

function percentiles(values: readonly number[]): readonly string[] {
  return [number(percentile(values, 50), 1), number(percentile(values, 95), 1)];
}
