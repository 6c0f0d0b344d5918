import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { HotmodEvent } from '../../events/events.js';
import { packageRoot } from '../../paths.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** `hotmod dev` as a user starts it, seen through its events. */
export interface DevProcess extends AsyncDisposable {
  readonly pid: number;
  readonly hostPid: number;
  /** Mean microseconds of a frame, as the engine told it last. */
  readonly tickUs: number;
  /** Milliseconds from the start of the process until every module ran. */
  readonly startMs: number;
  /** Does something and gives back the milliseconds until the last of so many modules ran its new version. */
  reloads(count: number, edit: () => Promise<void>): Promise<number>;
}

/** Starts it in a project and waits until so many modules run. */
export async function startDev(root: string, count: number, env: Environment): Promise<DevProcess> {
  const started = performance.now();
  const command = [join(packageRoot, 'bin/hotmod.js'), 'dev', '--json'];
  const dev = execa(process.execPath, command, {
    ...{ cwd: root, env, extendEnv: false, reject: false, buffer: false, stdin: 'pipe', stderr: 'ignore' },
  });
  let [hostPid, tickUs] = [0, Number.NaN];
  let onEvent: (event: HotmodEvent) => void = () => {};
  const lines = createInterface({ input: dev.stdout });
  lines.on('line', (line) => {
    const event: HotmodEvent = JSON.parse(line);
    if (event.type === 'host:up') hostPid = event.pid;
    if (event.type === 'host:stats') tickUs = event.tickUs;
    onEvent(event);
  });

  /** When the last of so many modules had its outcome, and nothing was left to do. */
  const settled = (wanted: number, outcome: 'loaded' | 'reloaded'): Promise<number> =>
    new Promise((resolve, reject) => {
      let [done, last] = [0, 0];
      onEvent = (event) => {
        if (event.type === 'session:end') reject(new Error(`hotmod dev ended: ${event.reason}`));
        if (event.type === 'reload:done') {
          if (event.outcome !== outcome) reject(new Error(`${event.module} ended as ${event.outcome}`));
          done += 1;
          last = performance.now();
        }
        if (event.type !== 'session:idle' || done < wanted) return;
        if (done > wanted) reject(new Error(`${done} modules were reloaded in place of ${wanted}`));
        resolve(last);
      };
    });

  const startMs = (await settled(count, 'loaded')) - started;
  return {
    pid: dev.pid ?? 0,
    hostPid,
    get tickUs() {
      return tickUs;
    },
    startMs,
    async reloads(wanted, edit) {
      const done = settled(wanted, 'reloaded');
      const start = performance.now();
      await edit();
      return (await done) - start;
    },
    async [Symbol.asyncDispose]() {
      dev.kill('SIGTERM');
      await dev;
    },
  };
}
