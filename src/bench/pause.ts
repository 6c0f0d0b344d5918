import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

const rounds = 200;
const megabyte = 1024 * 1024;

const source = `#include <stdlib.h>
#include <string.h>
static unsigned char state[${megabyte}];
int big_init(void) { return 0; }
void big_update(double dt) { (void)dt; state[0]++; }
int big_save_state(void **data, size_t *size) {
  *data = malloc(*size = sizeof state);
  return *data ? (memcpy(*data, state, sizeof state), 0) : 1;
}
int big_load_state(const void *data, size_t size) { return size == sizeof state ? (memcpy(state, data, size), 0) : 1; }
`;

/** How long the program stands still when a module with 1 MB of state is reloaded. */
export async function pause(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  await using project = await openProject({ 'modules/big/big.c': source }, env, { watch: false });
  const { session } = project;
  const pauses: number[] = [];
  const loads: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const done = session.context.bus.next('reload:done');
    session.request(['big'], { force: true });
    const event = await done;
    if (event.outcome !== 'reloaded' || event.state.bytes !== megabyte) throw new Error(`ended as ${event.outcome}`);
    pauses.push(event.timings.pause ?? Number.NaN);
    loads.push(event.timings.load ?? Number.NaN);
    await session.idle();
  }
  const row = (name: string, values: readonly number[]) => ({
    name,
    cells: [50, 95, 99].map((percent) => number(percentile(values, percent), 3)),
  });
  return [
    {
      title: `Reload with 1 MB through save_state and load_state, ${rounds} reloads (ms)`,
      columns: ['p50', 'p95', 'p99'],
      rows: [row('pause (goal: at most 1 p50)', pauses), row('load, beside the running program', loads)],
    },
  ];
}
