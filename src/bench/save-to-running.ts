import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Timings } from '../events/events.js';
import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

const rounds = 40;

/** About twenty lines, as somebody would write them. */
function source(value: number): string {
  return `#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP ${value}

static struct { long count; double time; } state;

int small_init(void) { return 0; }

void small_update(double dt) {
  state.count += STEP;
  state.time += dt;
}

int small_save_state(void **data, size_t *size) {
  *data = malloc(*size = sizeof state);
  return *data ? (memcpy(*data, &state, sizeof state), 0) : 1;
}
int small_load_state(const void *data, size_t size) { return size == sizeof state ? (memcpy(&state, data, size), 0) : 1; }
`;
}

/**
 * From a file saved to its new code running, beside the plain compiler command for the same text, in turns so that
 * both see the same machine.
 */
export async function saveToRunning(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  await using project = await openProject({ 'modules/small/small.c': source(0) }, env, { watch: true });
  const { session, root } = project;
  const { bus } = session.context;
  const file = join(root, 'modules/small/small.c');
  const plainFile = join(root, 'plain.c');
  const timings: Timings[] = [];
  const wall: number[] = [];
  const plain: number[] = [];

  for (let round = 1; round <= rounds; round++) {
    await writeFile(plainFile, source(round));
    const startPlain = performance.now();
    await execa('clang', ['-shared', '-fPIC', '-g', '-O0', plainFile, '-o', join(root, 'plain.so')]);
    plain.push(performance.now() - startPlain);

    const done = bus.next('reload:done');
    const start = performance.now();
    await writeFile(file, source(round));
    const event = await done;
    wall.push(performance.now() - start);
    if (event.outcome !== 'reloaded') throw new Error(`round ${round} ended as ${event.outcome}`);
    timings.push(event.timings);
    await session.idle();
  }

  const phases = ['detect', 'build', 'validate', 'assess', 'load', 'pause', 'total'] as const;
  const row = (name: string, values: readonly number[]) => ({
    name,
    cells: [number(percentile(values, 50)), number(percentile(values, 95))],
  });
  const difference = wall.map((value, index) => value - (plain[index] ?? Number.NaN));
  const ratio = wall.map((value, index) => value / (plain[index] ?? Number.NaN));
  return [
    {
      title: `Save to new code running, one C file of 20 lines, ${rounds} rounds in turns (ms)`,
      columns: ['p50', 'p95'],
      rows: [
        row('plain clang -shared -fPIC -g -O0', plain),
        ...phases.map((phase) =>
          row(
            `hotmod: ${phase}`,
            timings.map((one) => one[phase] ?? Number.NaN),
          ),
        ),
        row('hotmod: writeFile called to reload:done', wall),
        row('hotmod minus plain (goal: at most 25 p50)', difference),
        row('ratio hotmod / plain', ratio),
      ],
    },
  ];
}
