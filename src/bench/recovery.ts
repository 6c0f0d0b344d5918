import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Row, type Table } from './table.js';

const onceMore = 300;
const reloads = 100;
const megabyte = 1000 * 1024;

/** Crashes when it is told to; that lies on the heap, because its variables are put back. */
const source = (bytes: number, text: string): string => `#include <stdlib.h>
static unsigned char state[${bytes}];
static int *order;
void big_order(int value) { if (order == NULL) order = malloc(sizeof *order); *order = value; }
void big_update(double dt) {
  (void)dt;
  state[0]++; state[sizeof state - 1]++;
  if (order != NULL && *order != 0) { *order = 0; *(volatile int *)0 = ${text}; }
}
`;

/**
 * From the signal to the next call into what runs then, measured in the engine, with frames back to back: the same
 * version with the variables of the boundary, or the one before with the same carried back.
 */
export async function recovery(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const rows: Row[] = [];
  for (const [name, bytes] of [
    ['small state', 64],
    ['1 MB of state', megabyte],
  ] as const) {
    rows.push(row(`${name}: goes on`, await recoveries(env, bytes, onceMore, false)));
    rows.push(row(`${name}: goes back to the version before`, await recoveries(env, bytes, reloads, true)));
  }
  const title = 'Signal to next call on the last good version (ms; goal: p50 at most 0.1, p99 at most 1)';
  return [{ title, columns: ['p50', 'p95', 'p99', 'worst'], rows }];
}

async function recoveries(
  env: Readonly<Record<string, string | undefined>>,
  bytes: number,
  rounds: number,
  back: boolean,
): Promise<readonly number[]> {
  const file = 'modules/big/big.c';
  const config = JSON.stringify({ host: { stepped: true, restart: { max: 3, withinMs: 1 } } });
  const files = { [file]: source(bytes, '0'), 'hotmod.config.json': config };
  await using project = await openProject(files, env, { watch: false });
  const { session, root } = project;
  const times: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    if (back) {
      await writeFile(join(root, file), source(bytes, String(round % 2)));
      session.request(['big'], { force: true });
      await session.idle();
    }
    await session.step(back ? 2 : 1);
    await session.call({ module: 'big', function: 'big_order', args: { text: ['1'] } });
    const { generation } = session.context.records.get('big')?.running ?? {};
    await session.step(2);
    const [stats] = (await session.context.host.stats()).modules;
    if (stats === undefined || !stats.running || (stats.generation === generation) === back) {
      throw new Error(`crash ${round} left ${JSON.stringify(stats)}`);
    }
    times.push(stats.recoveryMs);
  }
  return times;
}

function row(name: string, values: readonly number[]): Row {
  return { name, cells: [50, 95, 99, 100].map((percent) => number(percentile(values, percent), 3)) };
}
