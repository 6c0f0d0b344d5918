import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { coldStart } from './cold-start.js';
import { check, judgementText } from './compare/check.js';
import { keptFile, readKept, withMeasured, writeKept } from './compare/kept.js';
import { type Measured, measure } from './compare/measure.js';
import { profile, profileText } from './compare/profile.js';
import { ownRatios, type Ratios } from './compare/ratios.js';
import { commitName, comparisonData, compilerName, machineName, resultsDir, writeResults } from './compare/results.js';
import { comparisonTable } from './compare/tables.js';
import type { Work } from './compare/work.js';
import { works } from './compare/works.js';
import { endurance } from './endurance.js';
import { frameCopies } from './frame-copies.js';
import { idle } from './idle.js';
import { journal } from './journal.js';
import { type BenchOptions, readOptions, UsageError, usage } from './options.js';
import { pause } from './pause.js';
import { recovery } from './recovery.js';
import { scale } from './scale/scale.js';
import { type Table, tableData, tableText } from './table.js';
import { takeover } from './takeover.js';
import { tick } from './tick.js';
import { transfer } from './transfer.js';
import { types } from './types.js';

/** Timings are for people to read; only ratios of the comparison are ever judged (`--check`). */
const measurements = {
  cold: coldStart,
  types,
  transfer,
  pause,
  journal,
  tick,
  copies: frameCopies,
  recovery,
  takeover,
  idle,
  endurance,
  scale,
} as const;
const workNames = works.map(({ name }) => name);
const measurementNames = Object.keys(measurements);
// What an emulator takes for something says nothing about anything.
const env = { ...process.env, HOTMOD_TARGET: 'native', HOTMOD_CPU: undefined };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
// Figures of a busy machine say little, so the load stands beside them.
const load = (): string => `load ${loadavg()[0]?.toFixed(1)}`;
let status = 0;
try {
  const options = readOptions(process.argv.slice(2), workNames, measurementNames);
  if (options === null) say(usage(workNames, measurementNames));
  else status = await run(options);
} catch (error) {
  status = error instanceof UsageError ? 2 : 1;
  process.stderr.write(`${messageOf(error)}${status === 2 ? ` ${usage(workNames, measurementNames)}` : ''}\n`);
}
process.exitCode = status;
process.exit();

async function run(options: BenchOptions): Promise<number> {
  const chosen = works.filter(({ name }) => options.works.includes(name));
  say(`${machineName()}, Node ${process.version}, ${await compilerName(env)}`);
  const [lastMinute = 0] = loadavg();
  if (lastMinute > cpus().length) {
    say(`Note: others are at work here (${load()}). Ratios that are to be kept or quoted want a quiet machine.`);
  }
  if (options.mode === 'profile') return showProfiles(chosen, options);

  const compared: { readonly load: string; readonly measured: Measured }[] = [];
  for (const work of chosen) compared.push(await compare(work, options));
  const others: { readonly measurement: string; readonly load: string; readonly tables: readonly Table[] }[] = [];
  for (const [measurement, take] of Object.entries(measurements)) {
    if (!options.measurements.includes(measurement)) continue;
    const before = load();
    const tables = await take(env, { modules: options.modules });
    others.push({ measurement, load: before, tables });
    for (const table of tables) say(`\n${tableText(table)}`);
    say(`  (${before} before, ${load().slice(5)} after)`);
  }

  const commit = await commitName(env);
  const data = {
    commit,
    time: new Date().toISOString(),
    machine: `${machineName()}, Node ${process.version}`,
    compiler: await compilerName(env),
    compared: compared.map((one) => ({ load: one.load, ...comparisonData(one.measured) })),
    measured: others.map((one) => ({ ...one, tables: one.tables.map(tableData) })),
  };
  const file = join(resultsDir, `${commit}.json`);
  await writeResults(file, data);
  say(`\nWritten to ${file}.`);
  if (options.json !== null) await writeResults(options.json, data);
  const ratios = Object.assign({}, ...compared.map(({ measured }) => ownRatios(measured))) as Ratios;
  if (options.mode === 'keep') return keep(ratios);
  return options.mode === 'check' ? judge(ratios, chosen, options) : 0;
}

async function compare(work: Work, { full, rounds }: BenchOptions) {
  const before = load();
  const measured = await measure(work, rounds ?? (full ? work.rounds.full : work.rounds.short), env);
  say(`\n${tableText(comparisonTable(measured))}\n  (${before} before, ${load().slice(5)} after)`);
  return { load: before, measured };
}

async function keep(ratios: Ratios): Promise<number> {
  const now = { machine: machineName(), compiler: await compilerName(env), ratios };
  await writeKept(keptFile, withMeasured(await readKept(keptFile), now));
  say(`Kept ${Object.keys(ratios).length} ratios in ${keptFile}; commit it with the change that explains them.`);
  return 0;
}

async function judge(ratios: Ratios, chosen: readonly Work[], options: BenchOptions): Promise<number> {
  const kept = await readKept(keptFile);
  if (kept === null)
    throw new Error(`There is nothing to compare with: ${keptFile} is not there. Run with --keep first.`);
  if (kept.machine !== machineName() || kept.compiler !== (await compilerName(env))) {
    say(`Note: the kept ratios are of ${kept.machine} with ${kept.compiler}; here they may be others.`);
  }
  // Rows of works that were not asked for are nobody's loss.
  const names = new Set(chosen.map(({ name }) => name));
  const asked = Object.fromEntries(Object.entries(kept.ratios).filter(([row]) => names.has(workOf(row))));
  const again = async (rows: readonly string[]): Promise<Ratios> => {
    const wanted = new Set(rows.map(workOf));
    const repeated = [];
    for (const work of chosen.filter(({ name }) => wanted.has(name))) repeated.push(await compare(work, options));
    return Object.assign({}, ...repeated.map(({ measured }) => ownRatios(measured))) as Ratios;
  };
  const { judgements, regressed } = await check(asked, ratios, again, say);
  say(`\n${judgements.map(judgementText).join('\n')}`);
  if (judgements.every(({ change }) => change === null)) throw new Error('No ratio could be compared with a kept one.');
  say(regressed ? 'There are regressions.' : 'No ratio is more than 15 % worse than the kept one.');
  return regressed ? 1 : 0;
}

function workOf(row: string): string {
  return row.split(':')[0] ?? '';
}

async function showProfiles(chosen: readonly Work[], { full, rounds }: BenchOptions): Promise<number> {
  for (const work of chosen) {
    const taken = await profile(work, rounds ?? (full ? work.rounds.full : work.rounds.short), env);
    say(`\n${profileText(taken)}`);
    const file = join(resultsDir, `${await commitName(env)}-${work.name}.cpuprofile`);
    await writeResults(file, {});
    await writeFile(file, taken.cpuProfile);
    say(`  The whole profile is in ${file}; the developer tools of Chrome and of editors open it.`);
  }
  return 0;
}
