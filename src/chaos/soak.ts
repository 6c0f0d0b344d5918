import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentKiB } from '../bench/processes.js';
import { percentile } from '../bench/statistics.js';
import { number, type Row, tableText } from '../bench/table.js';
import { messagesOf } from './board.js';
import { descriptorsOf, mappedFiles } from './processes.js';
import { type Environment, eventsOf, openInside } from './program.js';
import type { Schedule } from './schedule.js';
import { epochHeader, filesOf } from './sources.js';
import { write } from './write.js';

/** Five modules that use each other, their state carried in both ways. */
const set: Schedule = {
  seed: 0,
  modules: [
    { name: 'm0', uses: [], state: 'variables', rests: true, migrates: false, grows: false },
    { name: 'm1', uses: [0], state: 'hooks', rests: false, migrates: false, grows: false },
    { name: 'm2', uses: [0, 1], state: 'variables', rests: false, migrates: false, grows: false },
    { name: 'm3', uses: [2], state: 'hooks', rests: true, migrates: false, grows: false },
    { name: 'm4', uses: [0, 3], state: 'variables', rests: true, migrates: false, grows: false },
  ],
  together: [0, 1, 2, 3, 4],
  save: 'request',
  disturbance: { kind: 'none' },
};

/** Builds of so many variants of each module come from the cache, so that reloads are what is measured. */
const variants = 4;
const sampleEvery = 250;
const blockSize = 1000;

interface Sample {
  readonly reload: number;
  readonly hostKiB: number;
  readonly conductorKiB: number;
  readonly hostFiles: number;
  readonly conductorFiles: number;
  readonly mapped: number;
  readonly kept: number;
}

/**
 * Reloads by turns one to five modules of the set, and prints what grows. Memory and descriptors should be level, and the
 * pauses of the last thousand as long as those of the first.
 *
 * @returns 1 where a reload did not end as `reloaded` or a module complained, else 0.
 */
export async function soak(reloads: number, env: Environment, say: (text: string) => void): Promise<number> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-soak-')));
  const samples: Sample[] = [];
  const pauses: number[] = [];
  try {
    write(root, filesOf(set, [[0]]));
    await using program = await openInside(root, env, { watch: false });
    const { session, events } = program;
    await session.idle();
    const told: string[] = [];
    let emulatorFaults = 0;
    let blamed = 0;
    const epochs = set.modules.map(() => 1);
    for (let reload = 1; reload <= reloads; reload++) {
      const changed = changedIn(reload);
      for (const index of changed) epochs[index] = ((epochs[index] ?? 0) % variants) + 1;
      const files = changed.map((index) => [`modules/m${index}/epoch.h`, epochHeader(epochs[index] ?? 1)]);
      // The events so far are looked through and let go, because they would grow by themselves.
      events.length = 0;
      write(root, Object.fromEntries(files));
      session.request(changed.map((index) => `m${index}`));
      await session.idle();
      const done = eventsOf(events, 'reload:done');
      const good = done.filter((event) => event.outcome === 'reloaded');
      if (good.length !== changed.length || done.length !== changed.length) {
        throw new Error(`reload ${reload}: ${done.map((one) => `${one.module} ${one.outcome}`).join(', ')}`);
      }
      const faults = eventsOf(events, 'emulator:fault');
      emulatorFaults += faults.length;
      blamed += eventsOf(events, 'host:crash').length;
      for (const { message } of faults) say(`  reload ${reload}: ${message}`);
      // A host that was lost has lost the state too, which is nobody's complaint.
      if (faults.length === 0) told.push(...complaints(events));
      pauses.push(done[0]?.timings.pause ?? Number.NaN);
      if (reload % sampleEvery !== 0 && reload !== reloads) continue;
      const sample = await take(reload, root, session.context.host);
      samples.push(sample);
      say(sampleText(sample));
    }
    for (const one of told.slice(0, 20)) say(`  VIOLATION ${one}`);
    const { config, hostProgram } = session.context;
    say(summary(samples, pauses));
    say(
      `target ${config.target.name}: ${emulatorFaults} faults of the emulator, ${blamed} crashes that modules were blamed for`,
    );
    if (hostProgram.emulator !== '') say('All times above are those of an emulator.');
    return told.length + blamed > 0 ? 1 : 0;
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** One to five modules, and others each time. */
function changedIn(reload: number): readonly number[] {
  const count = 1 + (reload % set.modules.length);
  const first = Math.floor(reload / set.modules.length);
  return Array.from({ length: count }, (_, n) => (first + n) % set.modules.length);
}

function complaints(events: Parameters<typeof messagesOf>[0]): readonly string[] {
  return messagesOf(events)
    .filter(({ what }) => what !== 'ROW')
    .map(({ text }) => text);
}

interface Measured {
  readonly pid: number;
  stats(): Promise<{ readonly keptImages: number }>;
}

async function take(reload: number, root: string, host: Measured): Promise<Sample> {
  const { keptImages } = await host.stats();
  const mapped = (await mappedFiles(host.pid, root)).filter((path) => /\.so\b/.test(path)).length;
  return {
    reload,
    hostKiB: await residentKiB(host.pid),
    conductorKiB: await residentKiB(process.pid),
    hostFiles: await descriptorsOf(host.pid),
    conductorFiles: await descriptorsOf(process.pid),
    mapped,
    kept: keptImages,
  };
}

function sampleText(one: Sample): string {
  const { reload, hostKiB, conductorKiB, hostFiles, conductorFiles, mapped, kept } = one;
  return `${reload}: host ${hostKiB} KiB, ${hostFiles} files, ${mapped} images mapped (${kept} kept); conductor ${conductorKiB} KiB, ${conductorFiles} files`;
}

function summary(samples: readonly Sample[], pauses: readonly number[]): string {
  const size = Math.min(blockSize, Math.floor(pauses.length / 2));
  const blocks: readonly (readonly [string, readonly number[]])[] = [
    [`pause of the first ${size} (ms)`, pauses.slice(0, size)],
    [`pause of the last ${size} (ms)`, pauses.slice(-size)],
  ];
  const times: readonly Row[] = blocks.map(([name, values]) => ({
    name,
    cells: [50, 95].map((percent) => number(percentile(values, percent), 3)),
  }));
  const grown = (name: string, of: (sample: Sample) => number): Row => {
    const middle = samples[Math.floor(samples.length / 2)];
    const shown = [samples[0], middle, samples.at(-1)];
    return { name, cells: shown.map((sample) => number(sample === undefined ? Number.NaN : of(sample), 0)) };
  };
  const growth: readonly Row[] = [
    grown('host, resident (KiB)', (one) => one.hostKiB),
    grown('host, open files', (one) => one.hostFiles),
    grown('host, images mapped', (one) => one.mapped),
    grown('host, images kept', (one) => one.kept),
    grown('conductor, resident (KiB)', (one) => one.conductorKiB),
    grown('conductor, open files', (one) => one.conductorFiles),
  ];
  const title = `${pauses.length} reloads of one to five of five modules`;
  return [
    tableText({ title, columns: ['first look', 'middle', 'last'], rows: growth }),
    tableText({ title: 'Pause', columns: ['p50', 'p95'], rows: times }),
  ].join('\n');
}
