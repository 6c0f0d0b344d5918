import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../paths.js';
import { openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

const rounds = 200;
const megabyte = 1024 * 1024;

const plain = (step: number): string => `static unsigned char state[${megabyte}];
void big_update(double dt);
void big_update(double dt) { (void)dt; state[0] += ${step}; state[${megabyte} - 1]++; }
`;

const structs = (field: string): string => `struct item { int id; ${field} double weight; int flags; char name[16]; };
static struct item items[10000];
void big_update(double dt);
void big_update(double dt) { (void)dt; items[9999].id++; items[5].weight += 1; }
`;

/** How long the program stands still while variables go to a new version, and how long the verdict takes. */
export async function transfer(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const unchanged = await alternate(env, [plain(1), plain(2)]);
  const inserted = await alternate(env, [structs(''), structs('long extra;')]);
  const samples = await verdicts(env);
  const row = (name: string, values: readonly number[]) => ({
    name,
    cells: [50, 95, 99].map((percent) => number(percentile(values, percent), 3)),
  });
  return [
    {
      title: `State carried by types, ${rounds} reloads each (ms)`,
      columns: ['p50', 'p95', 'p99'],
      rows: [
        row('pause, 1 MB unchanged (goal: at most 0.3 p50)', unchanged.pauses),
        row('pause, 10,000 structs, one field in or out (goal: at most 1)', inserted.pauses),
        row('verdict of that', inserted.verdicts),
        row('verdict, samples (goal: at most 5 p50)', samples),
      ],
    },
  ];
}

async function alternate(
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly [string, string],
): Promise<{ readonly pauses: readonly number[]; readonly verdicts: readonly number[] }> {
  await using project = await openProject({ 'modules/big/big.c': sources[0] }, env, { watch: false });
  const { session, root } = project;
  const pauses: number[] = [];
  const verdictTimes: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await writeFile(join(root, 'modules/big/big.c'), sources[round % 2] ?? '');
    const done = session.context.bus.next('reload:done');
    session.request(['big']);
    const event = await done;
    if (event.outcome !== 'reloaded') throw new Error(`ended as ${event.outcome}: ${JSON.stringify(event.reasons)}`);
    pauses.push(event.timings.pause ?? Number.NaN);
    verdictTimes.push(event.timings.assess ?? Number.NaN);
    await session.idle();
  }
  return { pauses, verdicts: verdictTimes };
}

/** One edit of code in each of the samples in turn. */
async function verdicts(env: Readonly<Record<string, string | undefined>>): Promise<readonly number[]> {
  await using project = await openProject({}, env, {
    watch: false,
    prepare: (root) => cp(join(packageRoot, 'modules'), join(root, 'modules'), { recursive: true }),
  });
  const { session, root } = project;
  const edits = [
    ['simulation', 'simulation.c'],
    ['graphics', 'graphics.c'],
    ['weather', 'weather.c'],
    ['traffic', 'traffic.cpp'],
  ] as const;
  const times: number[] = [];
  for (let round = 0; round < 60; round++) {
    const [module, file] = edits[round % edits.length] ?? edits[0];
    const path = join(root, 'modules', module, file);
    await writeFile(
      path,
      `${await readFile(path, 'utf8')}\nextern int edited_${round};\nint edited_${round} = ${round};\n`,
    );
    const done = session.context.bus.next('reload:done', (event) => event.module === module);
    session.request([module]);
    const event = await done;
    if (event.outcome !== 'reloaded') throw new Error(`${module} ended as ${event.outcome}`);
    if (round >= edits.length) times.push(event.timings.assess ?? Number.NaN);
    await session.idle();
  }
  return times;
}
