import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

export interface RunRequest {
  /** What is started; a whole shell line where `shell` is true. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to `baseEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /** Left out: the environment of this process. */
  readonly baseEnv?: Readonly<Record<string, string>>;
  readonly shell: boolean;
  /** Where the process group leaves a file with its number while it runs; see `BuilderOptions.groupsDir`. */
  readonly groupsDir?: string;
  readonly signal: AbortSignal;
}

export interface RunResult {
  /** Null where the process was ended by a signal or never started. */
  readonly exitCode: number | null;
  /** Signal that ended the process; empty where none did. */
  readonly signal: string;
  /** System error code (`ENOENT`, `EACCES`) where the process could not be started; otherwise empty. */
  readonly startError: string;
  /** stderr, and for a shell command stdout too, in the order written. */
  readonly output: string;
  /** The request's signal ended it. */
  readonly cancelled: boolean;
}

export type Run = (request: RunRequest) => Promise<RunResult>;

/** Process group ids of everything that runs now. Each child leads a group of its own. */
const liveGroups = new Set<number>();

/** Kills every compiler, linker and build command with all their descendants, at once. For a hard exit. */
export function killAllBuilds(): void {
  for (const group of liveGroups) signalGroup(group, 'SIGKILL');
  liveGroups.clear();
}

/** A shell command gets time to remove its half-written files; compilers write only into our temporary folder. */
const commandGraceMs = 500;

/**
 * Runs one process to its end. An abort ends its whole process group, grandchildren that hold the pipe included, and
 * the promise settles only when the group is gone.
 */
export const runProcess: Run = async (request) => {
  if (request.signal.aborted) return { exitCode: null, signal: '', startError: '', output: '', cancelled: true };
  const child = execa(request.file, request.args, {
    cwd: request.cwd,
    env: { ...request.baseEnv, ...request.env },
    extendEnv: request.baseEnv === undefined,
    shell: request.shell,
    stdin: 'ignore',
    stdout: request.shell ? 'pipe' : 'ignore',
    stderr: 'pipe',
    all: request.shell,
    stripFinalNewline: false,
    reject: false,
    cleanup: false,
    cancelSignal: request.signal,
    killDescendants: true,
    killSignal: request.shell ? 'SIGTERM' : 'SIGKILL',
    forceKillAfterDelay: commandGraceMs,
  });
  const group = child.pid;
  if (group !== undefined) liveGroups.add(group);
  const note = leaveNote(request.groupsDir, group);
  try {
    const result = await child;
    if (result.isCanceled && group !== undefined) await groupGone(group);
    return {
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? '',
      startError: group === undefined ? (result.code ?? 'ENOENT') : '',
      output: (request.shell ? result.all : result.stderr) ?? '',
      cancelled: result.isCanceled,
    };
  } finally {
    if (group !== undefined) liveGroups.delete(group);
    if (note !== null) rmSync(note, { force: true });
  }
};

/** Where it cannot be written, the command runs all the same; only a killed hotmod would then leave it behind. */
function leaveNote(dir: string | undefined, group: number | undefined): string | null {
  if (dir === undefined || group === undefined) return null;
  try {
    mkdirSync(dir, { recursive: true });
    const note = join(dir, String(group));
    writeFileSync(note, '');
    return note;
  } catch {
    return null;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Descendants may outlive the leader by ignoring SIGTERM; they are killed and waited for. */
async function groupGone(group: number): Promise<void> {
  for (let attempt = 0; attempt < 100 && signalGroup(group, 'SIGKILL'); attempt++) await delay(5);
}
