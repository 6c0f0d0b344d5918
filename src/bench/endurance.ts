import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { residentKiB } from './processes.js';
import { openProject } from './project.js';
import { percentile, slope } from './statistics.js';
import { number, table } from './table.js';

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

/** Memory of both processes over many reloads, each an edit on disk that changes the code. */
export async function endurance(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  await using project = await openProject({ 'modules/endure/endure.c': source(0) }, env, { watch: true });
  const { session, root } = project;
  const { bus, host } = session.context;
  const conductor: { x: number; y: number }[] = [];
  const hosted: { x: number; y: number }[] = [];
  const pauses: number[] = [];
  for (let reload = 1; reload <= reloads; reload++) {
    const done = bus.next('reload:done');
    await writeFile(join(root, 'modules/endure/endure.c'), source(reload % 10));
    const event = await done;
    if (event.outcome !== 'reloaded') throw new Error(`reload ${reload} ended as ${event.outcome}`);
    pauses.push(event.timings.pause ?? Number.NaN);
    await session.idle();
    if (reload % sampleEvery === 0) {
      conductor.push({ x: reload, y: await residentKiB(process.pid) });
      hosted.push({ x: reload, y: await residentKiB(host.pid) });
    }
  }
  const row = (name: string, points: readonly { readonly x: number; readonly y: number }[]) => {
    const later = points.slice(points.length / 2);
    return {
      name,
      cells: [
        number((points[0]?.y ?? Number.NaN) / 1024, 1),
        number((points.at(-1)?.y ?? Number.NaN) / 1024, 1),
        number(slope(later), 2),
      ],
    };
  };
  const half = pauses.length / 2;
  return [
    table(
      `Memory over ${reloads} reloads (MB resident; slope over the second half)`,
      ['', `at ${sampleEvery}`, `at ${reloads}`, 'KiB a reload'],
      [row('conductor', conductor), row('host', hosted)],
    ),
    table(
      'Pause over the same reloads (ms)',
      ['', 'p50', 'p95'],
      [
        { name: 'first half', cells: [50, 95].map((percent) => number(percentile(pauses.slice(0, half), percent), 3)) },
        { name: 'second half', cells: [50, 95].map((percent) => number(percentile(pauses.slice(half), percent), 3)) },
      ],
    ),
  ].join('\n');
}
