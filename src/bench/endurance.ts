import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { residentKiB } from './processes.js';
import { openProject } from './project.js';
import { percentile, slope } from './statistics.js';
import { number, type Row, type Table } from './table.js';

const reloads = 1000;
const sampleEvery = 50;

function source(value: number): string {
  return `#include <stdlib.h>
#include <string.h>
static struct { long count; char bytes[4096]; } state;
int endure_init(void) { return 0; }
void endure_update(double dt) { (void)dt; state.count += ${value}; }
int endure_save_state(void **data, size_t *size) {
  *data = malloc(*size = sizeof state);
  return *data ? (memcpy(*data, &state, sizeof state), 0) : 1;
}
int endure_load_state(const void *data, size_t size) { return size == sizeof state ? (memcpy(&state, data, size), 0) : 1; }
`;
}

/**
 * What grows over many reloads, each of an edit that was never there before. V8 lets its young generation grow to its
 * limit before it is thrifty (128 MB on machines with much memory), so the conductor's resident memory says little
 * about a leak; what is still there after a collection does.
 */
export async function endurance(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  await using project = await openProject({ 'modules/endure/endure.c': source(0) }, env, { watch: true });
  const { session, root } = project;
  const { bus, host, config } = session.context;
  const collect = garbageCollector();
  const measures = {
    'conductor, after a collection (KiB)': async () => {
      collect();
      return process.memoryUsage().heapUsed / 1024;
    },
    'conductor, resident (KiB)': () => residentKiB(process.pid),
    'host, resident (KiB)': () => residentKiB(host.pid),
    'host, open files': () => entries(`/proc/${host.pid}/fd`),
    'host, mappings': () => lines(`/proc/${host.pid}/maps`),
    'files on disk': async () => (await filesUnder(config.outDir)).length,
    'bytes on disk (KiB)': async () => sum(await filesUnder(config.outDir)) / 1024,
  } as const;
  const points = new Map(Object.keys(measures).map((name) => [name, [] as { x: number; y: number }[]]));
  const pauses: number[] = [];
  for (let reload = 1; reload <= reloads; reload++) {
    const done = bus.next('reload:done');
    await writeFile(join(root, 'modules/endure/endure.c'), source(reload));
    const event = await done;
    if (event.outcome !== 'reloaded') throw new Error(`reload ${reload} ended as ${event.outcome}`);
    pauses.push(event.timings.pause ?? Number.NaN);
    await session.idle();
    if (reload % sampleEvery !== 0) continue;
    for (const [name, measure] of Object.entries(measures)) points.get(name)?.push({ x: reload, y: await measure() });
  }
  const half = pauses.length / 2;
  const halves: readonly Row[] = [
    { name: 'first half', cells: percentiles(pauses.slice(0, half)) },
    { name: 'second half', cells: percentiles(pauses.slice(half)) },
  ];
  return [
    {
      title: `Growth over ${reloads} reloads (goal: level; slope over the second half)`,
      columns: [`at ${sampleEvery}`, `at ${reloads / 2}`, `at ${reloads}`, 'a reload'],
      rows: [...points].map(([name, all]) => growth(name, all)),
    },
    { title: 'Pause over the same reloads (ms)', columns: ['p50', 'p95'], rows: halves },
  ];
}

function growth(name: string, points: readonly { readonly x: number; readonly y: number }[]): Row {
  const middle = points[points.length / 2 - 1];
  const shown = [points[0], middle, points.at(-1)].map((point) => number(point?.y ?? Number.NaN, 0));
  return { name, cells: [...shown, number(slope(points.slice(points.length / 2)))] };
}

function percentiles(values: readonly number[]): readonly string[] {
  return [50, 95].map((percent) => number(percentile(values, percent), 3));
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') collect();
  };
}

async function entries(folder: string): Promise<number> {
  return readdir(folder).then(
    (names) => names.length,
    () => Number.NaN,
  );
}

async function lines(file: string): Promise<number> {
  return readFile(file, 'utf8').then(
    (text) => text.split('\n').length - 1,
    () => Number.NaN,
  );
}

/** The sizes of all files below a folder; one that goes away meanwhile counts for nothing. */
async function filesUnder(folder: string): Promise<readonly number[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => sizeOf(join(entry.parentPath, entry.name))));
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
