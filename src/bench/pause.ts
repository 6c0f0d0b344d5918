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

/** How long the program stands still when a module with 1 MB of state is reloaded, and when five of them change together. */
export async function pause(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  return [...(await pauseOfOne(env)), await pauseOfFive(env)];
}

const names = ['one', 'two', 'three', 'four', 'five'] as const;

/** Each has its megabyte in variables and calls the one before it. */
function chained(index: number): readonly (readonly [string, string])[] {
  const [name, before] = [names[index], names[index - 1]];
  const needs = before === undefined ? [] : [{ name: before }];
  const call = before === undefined ? '0' : `${before}_answer()`;
  const declared = before === undefined ? '' : `int ${before}_answer(void);\n`;
  const text = `${declared}static unsigned char state[${megabyte}];
int ${name}_answer(void) { return state[0] + ${call}; }
void ${name}_update(double dt) { (void)dt; state[0]++; state[sizeof state - 1] = (unsigned char)${name}_answer(); }
`;
  return [
    [`modules/${name}/${name}.c`, text],
    [`modules/${name}/module.json`, JSON.stringify({ dependencies: needs })],
  ];
}

async function pauseOfFive(env: Readonly<Record<string, string | undefined>>): Promise<Table> {
  const files = Object.fromEntries(names.flatMap((_, index) => chained(index)));
  await using project = await openProject(files, env, { watch: false });
  const { session } = project;
  const pauses: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const outcomes = await session.transaction(async (transaction) => {
      await transaction.add(...names);
      await transaction.commit({ force: true });
    });
    const [first] = outcomes;
    const all = outcomes.every((one) => one.type === 'reload:done' && one.outcome === 'reloaded');
    if (!all || first?.type !== 'reload:done') throw new Error('a transaction of five did not come about');
    pauses.push(first.timings.pause ?? Number.NaN);
    await session.idle();
  }
  return {
    title: `Transaction of five modules that call each other, 1 MB of variables each, ${rounds} of them (ms)`,
    columns: ['p50', 'p95', 'p99'],
    rows: [row('pause (goal: at most 2 p50)', pauses)],
  };
}

function row(name: string, values: readonly number[]): Table['rows'][number] {
  return { name, cells: [50, 95, 99].map((percent) => number(percentile(values, percent), 3)) };
}

async function pauseOfOne(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
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
  return [
    {
      title: `Reload with 1 MB through save_state and load_state, ${rounds} reloads (ms)`,
      columns: ['p50', 'p95', 'p99'],
      rows: [row('pause (goal: at most 1 p50)', pauses), row('load, beside the running program', loads)],
    },
  ];
}
