import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { coldStart } from './cold-start.js';
import { endurance } from './endurance.js';
import { frameCopies } from './frame-copies.js';
import { idle } from './idle.js';
import { journal } from './journal.js';
import { pause } from './pause.js';
import { recovery } from './recovery.js';
import { saveToRunning } from './save-to-running.js';
import { type Table, tableData, tableText } from './table.js';
import { takeover } from './takeover.js';
import { tick } from './tick.js';
import { transfer } from './transfer.js';
import { types } from './types.js';

/** Timings are for people to read; nothing here passes or fails. */
const measurements = {
  save: saveToRunning,
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
} as const;

const usage = `Usage: node dist/bench/main.js [${Object.keys(measurements).join('] [')}] [--json FILE]`;
const { values, positionals } = readArguments();
// What an emulator takes for something says nothing about anything.
const env = { ...process.env, HOTMOD_TARGET: 'native', HOTMOD_CPU: undefined };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
// Figures of a busy machine say little, so the load stands beside them.
const load = (): string => `load ${loadavg()[0]?.toFixed(1)}`;

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`;
say(machine);
const measured: { readonly measurement: string; readonly load: string; readonly tables: readonly Table[] }[] = [];
for (const [measurement, measure] of Object.entries(measurements)) {
  if (positionals.length > 0 && !positionals.includes(measurement)) continue;
  const before = load();
  const tables = await measure(env);
  measured.push({ measurement, load: before, tables });
  for (const table of tables) say(`\n${tableText(table)}`);
  say(`  (${before} before, ${load().slice(5)} after)`);
}
if (values.json !== undefined) {
  const data = measured.map((one) => ({ ...one, tables: one.tables.map(tableData) }));
  await writeFile(values.json, `${JSON.stringify({ machine, measured: data }, null, 2)}\n`);
}
process.exit();

function readArguments() {
  try {
    const read = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
    const unknown = read.positionals.find((name) => !(name in measurements));
    if (unknown === undefined) return read;
    process.stderr.write(`There is no measurement "${unknown}". ${usage}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}. ${usage}\n`);
  }
  process.exit(2);
}
