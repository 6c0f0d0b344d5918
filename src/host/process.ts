import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { exitCode, HotmodError } from '../errors.js';
import type { HostOptions } from './host.js';
import { hostMain } from './paths.js';
import { ownProgram } from './program.js';
import type { ParentMessage } from './protocol.js';

/** The host process as the client needs it. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  send(message: ParentMessage): void;
  kill(): void;
  /** Sends a signal by its number, where the process still runs. */
  signal(number: number): void;
}

/**
 * Not through execa: its clean-up would signal the child when this process ends, and the child, which ends by itself
 * when the channel closes, would not come to remove its files.
 */
export function startProcess(options: HostOptions): Child {
  const program = options.program ?? ownProgram;
  const child = fork(hostMain, [], {
    execPath: program.command,
    execArgv: [...program.args],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...hostEnvironment(options), ...program.env },
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw unableToStart('it has no output streams');
  return {
    process: child,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    send(message) {
      // A send that fails means that the process is gone, which `ended` tells better.
      if (child.connected) child.send(message, () => undefined);
    },
    kill() {
      child.kill('SIGKILL');
    },
    signal(number) {
      if (program.emulator !== '') {
        this.send({ type: 'signal', number });
        return;
      }
      // ChildProcess.kill knows only signals that have a name.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(child.pid, number);
    },
  };
}

/** The little that libraries expect to find; everything else would make runs differ from machine to machine. */
const keptVariables = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

function hostEnvironment({ baseEnv, env }: HostOptions): Record<string, string> {
  const kept = keptVariables.flatMap((name) => {
    const value = baseEnv[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...env };
}

export function unableToStart(reason: string): HotmodError {
  return new HotmodError('HM512', `The host process could not be started: ${reason}.`, {
    hint: 'Run "hotmod doctor" to check the native parts; the log file has the details.',
    exitCode: exitCode.missing,
  });
}
