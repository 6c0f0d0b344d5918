import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { play } from './play.js';
import { describeSchedule, type ScheduleLimits, scheduleOf } from './schedule.js';
import { soak } from './soak.js';

const usage = `Usage: node dist/chaos/main.js [--schedules N] [--seed S] [--modules FROM-TO] [--kind KIND] [--save HOW] [--events DIR] [--verbose]
       node dist/chaos/main.js soak [--reloads N] [--target NAME]`;

/**
 * `npm run chaos -- --schedules 1000 --seed 1`: transactions that are disturbed, schedule n with the seed S + n, so that
 * `--seed <S + n> --schedules 1` plays one of them again. `npm run chaos -- soak --reloads 10000`: what grows;
 * with `--target linux-arm64` under the emulator, whose faults are counted and must be no module's.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      schedules: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      modules: { type: 'string', default: '1-5' },
      kind: { type: 'string' },
      save: { type: 'string' },
      events: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      reloads: { type: 'string', default: '10000' },
      target: { type: 'string' },
    },
  });
  if (positionals[0] === 'soak') {
    const env = values.target === undefined ? process.env : { ...process.env, HOTMOD_TARGET: values.target };
    return soak(Number(values.reloads), env, say);
  }
  const [from = 1, to = from] = values.modules.split('-').map(Number);
  const limits: ScheduleLimits = {
    modules: { from, to },
    kind: oneOf('kind', kinds, values.kind),
    save: oneOf('save', saves, values.save),
  };
  const first = Number(values.seed);
  const counts = new Map<string, number>();
  let broken = 0;
  for (let seed = first; seed < first + Number(values.schedules); seed++) {
    const schedule = scheduleOf(seed, limits);
    const start = performance.now();
    const { violations, side, events } = await play(schedule, process.env);
    const key = `${schedule.disturbance.kind}: ${side}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const took = `${Math.round(performance.now() - start)} ms`;
    if (values.verbose || violations.length > 0)
      say(`seed ${seed}: ${describeSchedule(schedule)} -> ${side} (${took})`);
    for (const violation of violations) say(`  VIOLATION (seed ${seed}) ${violation}`);
    if (violations.length > 0) broken += 1;
    if (values.events === undefined) continue;
    await mkdir(values.events, { recursive: true });
    await writeFile(
      join(values.events, `${seed}.ndjson`),
      events.map((event) => `${JSON.stringify(event)}\n`).join(''),
    );
  }
  for (const [key, count] of [...counts].sort()) say(`${key.padEnd(24)} ${count}`);
  say(`${values.schedules} schedules from seed ${first}, ${broken} with violations`);
  return broken > 0 ? 1 : 0;
}

const kinds = ['none', 'hook', 'update', 'killConductor', 'killHost', 'secondSave'] as const;
const saves = ['header', 'request', 'files'] as const;

function oneOf<T extends string>(name: string, known: readonly T[], text: string | undefined): T | null {
  const found = known.find((one) => one === text);
  if (text !== undefined && found === undefined) throw new Error(`There is no ${name} "${text}": ${known.join(', ')}.`);
  return found ?? null;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exitCode = 2;
}
