import { setTimeout as wait } from 'node:timers/promises';
import type { Host } from '../host/host.js';
import { recoverySettingsOf } from '../session/recovery/settings.js';
import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Row, type Table } from './table.js';

const kilobyte = 1024;
const sizes = [
  { name: 'nothing but a counter', bytes: 8 },
  { name: '0.1 MB', bytes: 100 * kilobyte },
  { name: '1 MB', bytes: 1000 * kilobyte },
  { name: '10 MB', bytes: 10_000 * kilobyte },
] as const;
const seconds = 3;

/** All of it was written once, as the state of a program has been; a frame changes little. */
const source = (bytes: number): string => `#include <string.h>
static unsigned char state[${bytes}];
void big_init(void) { memset(state, 1, sizeof state); }
void big_update(double dt) { (void)dt; state[0]++; state[sizeof state - 1]++; }
`;

/**
 * What the copy of the last frame boundary costs: the mean time of a frame of one module, by the size of its variables,
 * at 60 frames a second, so that other programs have the processor's caches in between.
 */
export async function frameCopies(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const rows: Row[] = [];
  for (const { name, bytes } of sizes) {
    await using project = await openProject({ 'modules/big/big.c': source(bytes) }, env, { watch: false });
    const { host, config } = project.session.context;
    const settings = recoverySettingsOf(config, false);
    const measure = async (copies: boolean): Promise<number> => {
      await host.setRecovery({ ...settings, frameCopies: copies });
      return percentile(await ticks(host), 50);
    };
    const off = await measure(false);
    const on = await measure(true);
    const megabytes = bytes / 1000 / kilobyte;
    const each = megabytes < 0.01 ? '' : number((on - off) / megabytes, 1);
    rows.push({ name, cells: [number(off, 1), number(on, 1), each] });
  }
  const columns = ['without', 'with copy', 'for each MB'];
  return [{ title: 'A frame with and without the copy of its boundary (microseconds)', columns, rows }];
}

/** Means of one second each; the first, in which the setting changed, does not count. */
async function ticks(host: Host): Promise<readonly number[]> {
  await wait(1100);
  const values: number[] = [];
  while (values.length < seconds) {
    await wait(1050);
    values.push((await host.stats()).tickUs);
  }
  return values;
}
