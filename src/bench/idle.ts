import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { packageRoot } from '../paths.js';
import { cpuSeconds, residentKiB } from './processes.js';
import { number, table } from './table.js';

const seconds = 20;

/** What `hotmod dev` costs while nobody edits: processor time of conductor and host with the samples at 60 frames. */
export async function idle(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  await cp(join(packageRoot, 'modules'), join(root, 'modules'), { recursive: true });
  const bin = join(packageRoot, 'bin/hotmod.js');
  const dev = execa(process.execPath, [bin, '--cwd', root, 'dev', '--json'], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    buffer: false,
  });
  try {
    const hostPid = await ready(dev.stdout);
    const pids = [
      { name: 'conductor', pid: dev.pid ?? 0 },
      { name: 'host, modules included', pid: hostPid },
    ];
    const before = await Promise.all(pids.map(({ pid }) => cpuSeconds(pid)));
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const elapsed = (performance.now() - start) / 1000;
    const after = await Promise.all(pids.map(({ pid }) => cpuSeconds(pid)));
    const memory = await Promise.all(pids.map(({ pid }) => residentKiB(pid)));
    const share = (index: number): number => (((after[index] ?? 0) - (before[index] ?? 0)) / elapsed) * 100;
    return table(
      `Idle dev with the samples, ${seconds} s (goal: under 1 % of a core)`,
      ['', '% of a core', 'MB'],
      [
        ...pids.map(({ name }, index) => ({
          name,
          cells: [number(share(index)), number((memory[index] ?? Number.NaN) / 1024, 1)],
        })),
        { name: 'together', cells: [number(share(0) + share(1)), ''] },
      ],
    );
  } finally {
    dev.kill('SIGTERM');
    await dev;
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Waits until the samples run; the pid of the host. */
async function ready(stdout: NodeJS.ReadableStream | null): Promise<number> {
  if (stdout === null) throw new Error('dev has no output');
  let pid = 0;
  for await (const line of createInterface({ input: stdout })) {
    const event: unknown = JSON.parse(line);
    if (typeof event !== 'object' || event === null || !('type' in event)) continue;
    if (event.type === 'host:up' && 'pid' in event && typeof event.pid === 'number') pid = event.pid;
    if (event.type === 'session:idle') break;
  }
  stdout.resume();
  return pid;
}
