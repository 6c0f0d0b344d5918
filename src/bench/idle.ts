import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { packageRoot } from '../paths.js';
import { cpuSeconds, residentKiB } from './processes.js';
import { number, type Row, type Table } from './table.js';

const seconds = 30;
/** After this long without an edit or a key a session counts as idle (ui/store.ts, session/values/live.ts). */
const settleSeconds = 36;

/** script(1) of util-linux gives a command a terminal of its own; that of other systems takes other arguments. */
const recorder = 'script';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `hotmod dev` costs while nobody edits: processor time of conductor and host with the samples at 60 frames. */
export async function idle(env: Environment): Promise<readonly Table[]> {
  const dev = [process.execPath, join(packageRoot, 'bin/hotmod.js'), 'dev'];
  const onTerminal = { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', CI: undefined };
  const rows = [
    ...(await measure('json', [...dev, '--json'], env)),
    ...((await hasRecorder(env))
      ? await measure('terminal, 100x30', terminal([...dev, '--ui', 'ink']), onTerminal)
      : []),
  ];
  return [
    {
      title: `Idle dev with the samples, ${seconds} s (goal: under 1 % of a core together)`,
      columns: ['% of a core', 'MB'],
      rows,
    },
  ];
}

async function hasRecorder(env: Environment): Promise<boolean> {
  const { stdout, failed } = await execa(recorder, ['--version'], { env, extendEnv: false, reject: false });
  return !failed && stdout.includes('util-linux');
}

function terminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  return [
    'script',
    '--quiet',
    '--flush',
    '--return',
    '--command',
    `stty cols 100 rows 30; exec ${quoted}`,
    '/dev/null',
  ];
}

async function measure(view: string, command: readonly string[], env: Environment): Promise<readonly Row[]> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  await cp(join(packageRoot, 'modules'), join(root, 'modules'), { recursive: true });
  const [file = '', ...args] = command;
  const dev = execa(file, args, { cwd: root, env, extendEnv: false, reject: false, buffer: false, stdin: 'pipe' });
  dev.stdout.resume();
  dev.stderr.resume();
  try {
    const pids = await processesOf(dev.pid ?? 0);
    await wait(settleSeconds * 1000);
    const before = await Promise.all(pids.map(({ pid }) => cpuSeconds(pid)));
    const start = performance.now();
    await wait(seconds * 1000);
    const elapsed = (performance.now() - start) / 1000;
    const after = await Promise.all(pids.map(({ pid }) => cpuSeconds(pid)));
    const memory = await Promise.all(pids.map(({ pid }) => residentKiB(pid)));
    const shares = pids.map((_, index) => (((after[index] ?? 0) - (before[index] ?? 0)) / elapsed) * 100);
    return [
      ...pids.map(({ name }, index) => ({
        name: `${view}: ${name}`,
        cells: [number(shares[index] ?? Number.NaN), number((memory[index] ?? Number.NaN) / 1024, 1)],
      })),
      { name: `${view}: together`, cells: [number(shares.reduce((total, share) => total + share, 0)), ''] },
    ];
  } finally {
    dev.kill('SIGTERM');
    await dev;
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Conductor and host below the process that was started, as soon as they are there. */
async function processesOf(started: number): Promise<readonly { readonly name: string; readonly pid: number }[]> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const family = await descendants(started);
    const host = family.find(({ command }) => command.includes('host/main.js'));
    const conductor = family.find(({ pid, command }) => pid !== host?.pid && command.startsWith(process.execPath));
    if (host !== undefined && conductor !== undefined) {
      return [
        { name: 'conductor', pid: conductor.pid },
        { name: 'host, modules included', pid: host.pid },
      ];
    }
    await wait(100);
  }
  throw new Error('hotmod dev did not start');
}

/** A process and all below it (proc_pid_task(5), children). */
async function descendants(pid: number): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const command = (await read('cmdline')).replaceAll('\0', ' ');
  const children = (await read(`task/${pid}/children`)).split(' ').filter((text) => text !== '');
  const below = await Promise.all(children.map((child) => descendants(Number(child))));
  return [{ pid, command }, ...below.flat()];
}
