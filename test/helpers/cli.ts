import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HotmodEvent } from '../../src/events/events.js';

export { isAlive } from '../../src/files/owner.js';

import { packageRoot } from '../../src/paths.js';
import { cliEnv } from './session.js';
import { waitFor } from './wait-for.js';

const bin = join(packageRoot, 'bin/hotmod.js');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [bin, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cliEnv, ...env },
  });
}

/** Runs the built program to its end. */
export async function runCli(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const child = start(cwd, args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

export interface DevProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly events: readonly HotmodEvent[];
  readonly stderr: () => string;
  /** The last event of a type (that `accept` takes), waiting for it if need be; looks from `since` on. */
  wait<T extends HotmodEvent['type']>(
    type: T,
    accept?: (event: Extract<HotmodEvent, { type: T }>) => boolean,
    since?: number,
  ): Promise<Extract<HotmodEvent, { type: T }>>;
  ended(): Promise<number | null>;
}

/** Starts `hotmod dev --json` as its own process and collects its events. */
export function startDev(
  cwd: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): DevProcess {
  const child = start(cwd, ['dev', '--json', ...args], env);
  const events: HotmodEvent[] = [];
  let stderr = '';
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line)));
  }
  const closed = once(child, 'close');
  return {
    child,
    pid: child.pid ?? 0,
    events,
    stderr: () => stderr,
    wait: (type, accept = () => true, since = 0) =>
      waitFor(
        () =>
          events
            .slice(since)
            .find(
              (event): event is Extract<HotmodEvent, { type: typeof type }> =>
                event.type === type && accept(event as never),
            ),
        () =>
          `${type}; stderr: ${stderr}; last events: ${events
            .slice(-4)
            .map((event) => JSON.stringify(event))
            .join('\n')}`,
      ),
    async ended() {
      await closed;
      return child.exitCode ?? (child.signalCode === null ? null : -1);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await closed;
      }
    },
  };
}

/** Starts `hotmod dev --ui plain` and collects its text. */
export function startPlainDev(cwd: string) {
  const child = start(cwd, ['dev', '--ui', 'plain']);
  let stdout = '';
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  const closed = once(child, 'close');
  return {
    child,
    stdout: () => stdout,
    ended: () => closed,
  };
}
