import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { endGroup, noteGroup } from './groups.js';

export interface RunRequest {
  /** What is started; a whole shell line where `shell` is true. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to `baseEnv`. */
  readonly env: Readonly<Record<string, string>>;
  /** Left out: the environment of this process. */
  readonly baseEnv?: Readonly<Record<string, string>> | undefined;
  readonly shell: boolean;
  /** Where the process group leaves a file with its number while it runs; see `BuilderOptions.groupsDir`. */
  readonly groupsDir?: string;
  readonly signal: AbortSignal;
  /** After so many milliseconds it is ended; 0 or left out: never. */
  readonly limitMs?: number;
  /** Absolute path of a file that is there after a run that ended well. */
  readonly makes?: string;
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
  /** It was ended after so many milliseconds, its limit; 0 where it was not. */
  readonly tooLongMs?: number;
  /** A tool that was loaded already did it; see warm/tools.ts. */
  readonly warm?: boolean;
  /** Why it was started in the usual way although a loaded tool was there. */
  readonly fallback?: string;
}

export type Run = (request: RunRequest) => Promise<RunResult>;

/** A shell command gets time to remove its half-written files; compilers write only into our temporary folder. */
const commandGraceMs = 500;

/**
 * Runs one process to its end. An abort ends its whole process group, grandchildren that hold the pipe included, and
 * the promise settles only when the group is gone.
 */
export const runProcess: Run = async (request) => {
  const cancelSignal = endSignalOf(request);
  if (request.signal.aborted) return { exitCode: null, signal: '', startError: '', output: '', cancelled: true };
  const { file, env } = noted(request);
  const child = execa(file, request.args, {
    cwd: request.cwd,
    env: { ...request.baseEnv, ...env },
    extendEnv: request.baseEnv === undefined,
    shell: request.shell,
    stdin: 'ignore',
    stdout: request.shell ? 'pipe' : 'ignore',
    stderr: 'pipe',
    all: request.shell,
    stripFinalNewline: false,
    reject: false,
    cleanup: false,
    cancelSignal,
    killDescendants: true,
    killSignal: request.shell ? 'SIGTERM' : 'SIGKILL',
    forceKillAfterDelay: commandGraceMs,
  });
  const group = child.pid;
  const forget = group === undefined ? undefined : noteGroup(group);
  try {
    const result = await child;
    if (result.isCanceled && group !== undefined) await groupGone(group);
    return {
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? '',
      startError: group === undefined ? (result.code ?? 'ENOENT') : '',
      output: (request.shell ? result.all : result.stderr) ?? '',
      ...whyEnded(request, result.isCanceled),
    };
  } finally {
    forget?.();
    if (group !== undefined && request.groupsDir !== undefined) {
      rmSync(join(request.groupsDir, String(group)), { force: true });
    }
  }
};

/** What ends a run before its time: a newer save, or its limit. */
export function endSignalOf({ signal, limitMs = 0 }: RunRequest): AbortSignal {
  return limitMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(limitMs)]) : signal;
}

/** A newer save may end it as well as its limit, and then its lateness is of no interest. */
export function whyEnded(
  { signal, limitMs = 0 }: RunRequest,
  ended: boolean,
): Pick<RunResult, 'cancelled' | 'tooLongMs'> {
  const isLate = ended && !signal.aborted;
  return { cancelled: ended && !isLate, tooLongMs: isLate ? limitMs : 0 };
}

/**
 * The shell itself notes its group before it does anything else: were it noted from here, a kill in the moment after
 * the start would leave the command behind. Where the note cannot be written, the command runs all the same.
 */
function noted(request: RunRequest): { readonly file: string; readonly env: Readonly<Record<string, string>> } {
  const { file, env, groupsDir } = request;
  if (groupsDir === undefined || !request.shell) return { file, env };
  try {
    mkdirSync(groupsDir, { recursive: true });
  } catch {
    return { file, env };
  }
  return { file: `{ true > "$HOTMOD_GROUPS/$$"; } 2>/dev/null; ${file}`, env: { ...env, HOTMOD_GROUPS: groupsDir } };
}

/** Descendants may outlive the leader by ignoring SIGTERM; they are killed and waited for. */
async function groupGone(group: number): Promise<void> {
  for (let attempt = 0; attempt < 100 && endGroup(group); attempt++) await delay(5);
}
