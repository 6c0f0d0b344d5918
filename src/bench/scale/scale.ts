import { mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { loadConfig } from '../../config/load.js';
import { readLastGood } from '../../session/generations/last-good.js';
import { bareCalls } from '../bare-calls.js';
import { cpuSeconds, residentKiB } from '../processes.js';
import { percentile } from '../statistics.js';
import { number, type Row, type Table } from '../table.js';
import { type DevProcess, startDev } from './dev-process.js';
import { writeNinja } from './ninja.js';
import {
  few,
  headerOfAll,
  headerOfFew,
  headers,
  moduleNames,
  moduleSource,
  sourceOf,
  writeManyModules,
} from './project.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Edits of the header of all; each is compiled by ninja too, in turns. */
const rounds = 3;
const smallRounds = 10;
const starts = 7;
/** Between the builds and them. */
const restMs = 60_000;
/** After this long without an edit a session counts as idle (session/values/live.ts), and has given memory back. */
const settleSeconds = 36;
const idleSeconds = 20;

/** A project of many modules of one small file each: how long everything takes, and what it costs while nothing happens. */
export async function scale(env: Environment, { modules = 1000 } = {}): Promise<readonly Table[]> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  try {
    await writeManyModules(root, modules);
    const base = await hostOfOne(env);
    const times = await measureTimes(root, modules, env);
    return [times, await measureRest(root, modules, base, env)];
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function measureTimes(root: string, modules: number, env: Environment): Promise<Table> {
  const cold = await startDev(root, modules, env);
  const coldMs = cold.startMs;
  const all: number[] = [];
  const ninjaMs: number[] = [];
  const ofTen: number[] = [];
  const one: number[] = [];
  const runNinja = await ninja(root, env);
  await runNinja();
  const save = (file: string, text: string) => () => writeFile(join(root, file), text);
  const chosen = moduleNames(modules).at(-1) ?? '';
  for (let round = 1; round <= rounds; round++) {
    all.push(await cold.reloads(modules, save(headers.all, headerOfAll(round + 1))));
    const took = await runNinja();
    if (took !== null) ninjaMs.push(took);
  }
  for (let round = 1; round <= smallRounds; round++) {
    ofTen.push(await cold.reloads(Math.min(few, modules), save(headers.few, headerOfFew(round + 1))));
    one.push(await cold.reloads(1, save(sourceOf(chosen), moduleSource(chosen, modules - 1, round))));
  }
  await cold[Symbol.asyncDispose]();
  // The builds before wrote and removed tens of thousands of files: as long as the disk is busy with them, and gives out
  // places of files that are gone only after a search (ext4 without a log), a start is not one where nothing changed.
  await execa('sync', { reject: false });
  await wait(restMs);
  const warm: number[] = [];
  for (let start = 0; start < starts; start++) {
    await using again = await startDev(root, modules, env);
    warm.push(again.startMs);
  }
  const row = (name: string, values: readonly number[]): Row => ({
    name,
    cells: [50, 95].map((percent) => number(percentile(values, percent), 0)),
  });
  const ratio = ninjaMs.length === 0 ? Number.NaN : percentile(all, 50) / percentile(ninjaMs, 50);
  return {
    title: `A project of ${modules} modules (ms)`,
    columns: ['p50', 'p95'],
    rows: [
      row('cold start: nothing built yet', [coldMs]),
      row('warm start: nothing changed (goal: at most 3000)', warm),
      row('header of all: save to running', all),
      ninjaMs.length === 0
        ? { name: 'header of all: ninja (left out: there is no ninja on this machine)', cells: ['', ''] }
        : row('header of all: ninja, same compiler, linker and flags', ninjaMs),
      { name: 'header of all / ninja (goal: at most 1.05)', cells: [number(ratio), ''] },
      row('header of ten: save to running', ofTen),
      row('one file: save to running', one),
    ],
  };
}

/** Runs ninja on the same files, and gives back how long that took; null where there is none. */
async function ninja(root: string, env: Environment): Promise<() => Promise<number | null>> {
  const { failed } = await execa('ninja', ['--version'], { env, extendEnv: false, reject: false });
  if (failed) return () => Promise.resolve(null);
  await writeNinja(root, env);
  return async () => {
    const start = performance.now();
    await execa('ninja', ['--quiet'], { cwd: root, env, extendEnv: false });
    return performance.now() - start;
  };
}

async function measureRest(root: string, modules: number, hostOfOneKiB: number, env: Environment): Promise<Table> {
  await using dev = await startDev(root, modules, env);
  const { hostPid, pid } = dev;
  const hostKiB = await residentKiB(hostPid);
  await wait(settleSeconds * 1000);
  const share = await idleShares(dev);
  const conductorKiB = await residentKiB(pid);
  const libraries = await libraryFiles(root, env);
  const fileKiB = (await Promise.all(libraries.map(async ({ library }) => (await stat(library)).size / 1024))).reduce(
    (sum, size) => sum + size / libraries.length,
    0,
  );
  const each = (hostKiB - hostOfOneKiB) / Math.max(1, modules - 1) - fileKiB;
  const calls = percentile(await bareCalls(root, libraries, 60, 5), 50);
  const cell = (name: string, value: number, digits = 2): Row => ({ name, cells: [number(value, digits)] });
  return {
    title: `The same project while nobody edits, ${idleSeconds} s`,
    columns: [''],
    rows: [
      cell('conductor, % of a core (goal: under 1 with the host)', share.conductor),
      cell('host with its modules, % of a core', share.host),
      cell('conductor (MB, goal: under 250)', conductorKiB / 1024, 1),
      cell('host (MB)', hostKiB / 1024, 1),
      cell('host, each module over its own file (KB, goal: at most 150)', each, 1),
      cell('whole tick (us)', share.tickUs, 1),
      cell('the calls alone, without an engine (us)', calls, 1),
      cell('tick over the calls (us, goal: at most 60)', share.tickUs - calls, 1),
    ],
  };
}

async function idleShares(dev: DevProcess) {
  const { pid, hostPid } = dev;
  const before = [await cpuSeconds(pid), await cpuSeconds(hostPid)];
  const start = performance.now();
  await wait(idleSeconds * 1000);
  const elapsed = (performance.now() - start) / 1000;
  const after = [await cpuSeconds(pid), await cpuSeconds(hostPid)];
  const of = (index: number): number => (((after[index] ?? 0) - (before[index] ?? 0)) / elapsed) * 100;
  return { conductor: of(0), host: of(1), tickUs: dev.tickUs };
}

/** What a host takes that runs next to nothing. */
async function hostOfOne(env: Environment): Promise<number> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  try {
    await writeManyModules(root, 1);
    await using dev = await startDev(root, 1, env);
    return await residentKiB(dev.hostPid);
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function libraryFiles(root: string, env: Environment) {
  const { outDir } = await loadConfig({ cwd: root, env, flags: {} });
  return Object.entries(await readLastGood(outDir)).map(([module, { library }]) => ({
    library,
    name: `${module}_update`,
  }));
}
