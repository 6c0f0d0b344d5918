import { setTimeout as wait } from 'node:timers/promises';
import { type BenchProject, openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Row, type Table } from './table.js';

const rounds = 15;
const counts = [1, 10] as const;
/** The host that waits is started a while after the one that runs, and then needs a moment to get there. */
const untilItWaitsMs = 3500;

interface Round {
  /** From the kill to the host that is there now. */
  readonly upMs: number;
  /** To the last module running in it. */
  readonly runningMs: number;
}

/** A host that ends without a word: how long until another one has taken over, and until all modules run in it. */
export async function takeover(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const rows: Row[] = [];
  for (const modules of counts) {
    for (const standby of [true, false]) {
      const measured = await takeovers(env, modules, standby);
      const name = `${modules === 1 ? 'one module' : `${modules} modules`}, ${standby ? 'a host waits' : 'without one'}`;
      rows.push(row(`${name}: host there`, measured, 'upMs'), row(`${name}: all run`, measured, 'runningMs'));
    }
  }
  const title = `Host killed to another one in its place, ${rounds} times (ms; goal where one waits: p95 at most 100)`;
  return [{ title, columns: ['p50', 'p95', 'worst'], rows }];
}

async function takeovers(
  env: Readonly<Record<string, string | undefined>>,
  modules: number,
  standby: boolean,
): Promise<readonly Round[]> {
  const names = Array.from({ length: modules }, (_, index) => `m${index}`);
  const files = names.map((name) => [
    `modules/${name}/${name}.c`,
    `static int frames;\nvoid ${name}_update(double dt) { (void)dt; frames++; }\n`,
  ]);
  const config = JSON.stringify({ host: { standby, restart: { max: 3, withinMs: 1 } } });
  await using project = await openProject({ ...Object.fromEntries(files), 'hotmod.config.json': config }, env, {
    watch: false,
  });
  const measured: Round[] = [];
  while (measured.length < rounds) {
    if (standby) await wait(untilItWaitsMs);
    measured.push(await killOnce(project, modules));
  }
  return measured;
}

async function killOnce({ session }: BenchProject, modules: number): Promise<Round> {
  const { bus, host } = session.context;
  let started = 0;
  const up = bus.next('host:up').then(() => performance.now());
  const running = bus
    .next('module:restarted', () => {
      started += 1;
      return started === modules;
    })
    .then(() => performance.now());
  const start = performance.now();
  process.kill(host.pid, 'SIGKILL');
  const round = { upMs: (await up) - start, runningMs: (await running) - start };
  await session.idle();
  const { modules: stats } = await session.context.host.stats();
  if (stats.filter((one) => one.running).length !== modules) throw new Error('not all modules were started again');
  return round;
}

function row(name: string, measured: readonly Round[], what: keyof Round): Row {
  const values = measured.map((round) => round[what]);
  return { name, cells: [50, 95, 100].map((percent) => number(percentile(values, percent), 1)) };
}
