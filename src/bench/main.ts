import { cpus } from 'node:os';
import { endurance } from './endurance.js';
import { idle } from './idle.js';
import { pause } from './pause.js';
import { saveToRunning } from './save-to-running.js';
import { tick } from './tick.js';

/** Each measurement gives its tables as text. Timings are for people to read; nothing here passes or fails. */
const measurements = { save: saveToRunning, pause, tick, idle, endurance } as const;

const names = Object.keys(measurements);
const wanted = process.argv.slice(2).filter((name) => names.includes(name));
const { env } = process;

process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
for (const [name, measure] of Object.entries(measurements)) {
  if (wanted.length === 0 || wanted.includes(name)) process.stdout.write(`${await measure(env)}\n`);
}
process.exit();
