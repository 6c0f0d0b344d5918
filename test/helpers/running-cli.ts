import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/paths.js';
import { cliEnv } from './session.js';

export interface RunningCli extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Whole lines of stdout so far. */
  lines(): readonly string[];
  stderr(): string;
  /** The exit code. */
  ended(): Promise<number | null>;
}

/** Starts the built program with a command that goes on until it is told to end. */
export function startCli(cwd: string, args: readonly string[]): RunningCli {
  const child = spawn(process.execPath, [join(packageRoot, 'bin/hotmod.js'), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cliEnv },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const closed = once(child, 'close');
  return {
    child,
    lines: () => stdout.split('\n').slice(0, -1),
    stderr: () => stderr,
    async ended() {
      await closed;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await closed;
    },
  };
}
