import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { endGroup, noteGroup } from '../groups.js';
import { type Answer, type Command, createAnswerReader, killFrame, runFrame } from './frames.js';
import { watchForStall } from './stalled.js';
import { isCurrent, stampLoaded } from './stamps.js';

/** How a run ended: with an answer, or without one, and then the tool has to be run in the usual way. */
export type Ended =
  | { readonly lost: null; readonly status: number; readonly output: string }
  | { readonly lost: string };

/** A tool that stays loaded and forks for each run. */
export interface WarmProcess {
  readonly pid: number;
  /** Whether the files it was loaded from are still those on disk. */
  isCurrent(): boolean;
  /** Settles when the run's process is gone, and all that held its stderr. Never rejects. An abort kills its group. */
  run(command: Command, signal: AbortSignal): Promise<Ended>;
  /** Settles with the reason when the process has ended by itself or was killed; what ran in it is lost. */
  readonly ended: Promise<string>;
  kill(reason: string): void;
  /** Lets what runs end, then ends the process. */
  close(): Promise<void>;
}

export interface WarmProcessOptions {
  /** Absolute path of the tool, symbolic links followed. */
  readonly program: string;
  /** The library to preload. */
  readonly library: string;
  /** What its loader and the constructors of its libraries see. */
  readonly env: Readonly<Record<string, string>>;
  /** A run that uses no processor time for so long is stuck. */
  readonly stallMs: number;
}

interface Job {
  readonly settle: (ended: Ended) => void;
  readonly release: () => void;
  pid: number | undefined;
  /** Takes the group from the list of those that a hard exit kills. */
  forget: () => void;
}

/** Why a run was not done by a process that is about to end for a good reason. */
export const wasClosed = 'it was closed';

const helloMs = 10_000;
const killedMs = 2000;

/**
 * Starts a tool with the library preloaded. Undefined, with the reason told to `onRefused`, where it does not say hello: the
 * system ignores preloading (a static program, one with special rights), or the library does not fit.
 */
export async function startWarmProcess(
  options: WarmProcessOptions,
  onRefused: (reason: string) => void,
): Promise<WarmProcess | undefined> {
  const { program, env } = options;
  const preload = [options.library, ...(env.LD_PRELOAD === undefined ? [] : [env.LD_PRELOAD])].join(':');
  const child = spawn(program, ['--version'], {
    cwd: '/',
    // All symbols are bound at the start, because each fork would bind those it uses anew.
    env: { ...env, LD_PRELOAD: preload, LD_BIND_NOW: '1', HOTMOD_FORK_SERVER: '1' },
    stdio: ['pipe', 'pipe', 'ignore'],
    // A session of its own, as compilers started for a single run have: a terminal's Ctrl+C is not for it.
    detached: true,
  });
  const serving = serve(child, options.stallMs);
  const said = await Promise.race([serving.hello, serving.ended, late(helloMs)]);
  const loaded = said === program ? stamps(serving.pid) : undefined;
  if (loaded === undefined) {
    serving.kill('it was not needed');
    onRefused(said === program ? 'what it was loaded from cannot be told' : refusal(said));
    return undefined;
  }
  serving.rest();
  return { ...serving, isCurrent: () => isCurrent(loaded) };
}

function refusal(said: string): string {
  return said === '' ? 'it did not answer' : said.startsWith('/') ? `it became ${said}` : said;
}

function late(ms: number): Promise<string> {
  return new Promise((resolve) => void setTimeout(() => resolve(''), ms).unref());
}

function stamps(pid: number) {
  try {
    return stampLoaded(pid);
  } catch {
    return undefined;
  }
}

function serve(child: ChildProcess, stallMs: number) {
  const { stdin, stdout } = pipesOf(child);
  const jobs = new Map<number, Job>();
  let reason: string | undefined;
  let closing = false;
  let idle: () => void = () => undefined;
  let lastId = 0;
  let greet: (program: string) => void = () => undefined;
  const hello = new Promise<string>((resolve) => {
    greet = resolve;
  });

  const kill = (why: string): void => {
    reason ??= why;
    child.kill('SIGKILL');
    // Its jobs die with it (PR_SET_PDEATHSIG), what they have started does not.
    for (const { pid } of jobs.values()) if (pid !== undefined) endGroup(pid);
  };
  const settle = (id: number, ended: Ended): void => {
    const job = jobs.get(id);
    job?.release();
    jobs.delete(id);
    job?.settle(ended);
    if (jobs.size > 0) return;
    unref(child, stdin, stdout);
    idle();
  };
  const take = (answer: Answer): void => {
    if (answer.kind === 'hello') return greet(answer.program);
    const job = jobs.get(answer.id);
    if (answer.kind === 'started' && job !== undefined) {
      job.pid = answer.pid;
      job.forget = noteGroup(answer.pid);
    }
    if (answer.kind === 'failed') settle(answer.id, { lost: `it could not fork (errno ${answer.errno})` });
    if (answer.kind === 'done') settle(answer.id, { lost: null, status: answer.status, output: answer.output });
  };
  const read = createAnswerReader();
  stdout.on('data', (chunk: Buffer) => {
    if (reason !== undefined) return;
    try {
      for (const answer of read(chunk)) take(answer);
    } catch {
      kill('it answered with something else');
    }
  });

  const ended = new Promise<string>((resolve) => {
    const end = (why: string): void => {
      kill(why);
      for (const id of [...jobs.keys()]) settle(id, { lost: reason ?? why });
      resolve(reason ?? why);
    };
    child.once('error', (error) => end(`it could not be started (${error.message})`));
    // Not `exit`: answers that were written before the end still count.
    child.once('close', (code, signal) =>
      end(signal === null ? `it ended with code ${code}` : `it ended by ${signal}`),
    );
  });
  stdin.on('error', () => undefined);
  stdout.on('error', () => undefined);

  const run = (command: Command, signal: AbortSignal): Promise<Ended> => {
    const id = ++lastId;
    const frame = runFrame(id, command);
    if (closing || reason !== undefined) return Promise.resolve({ lost: reason ?? wasClosed });
    if (frame === undefined) return Promise.resolve({ lost: 'its command has a zero byte' });
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const abort = (): void => {
        stdin.write(killFrame(id));
        timer = setTimeout(() => kill('it did not end a run that was cancelled'), killedMs);
      };
      const noStall = watchForStall(
        () => jobs.get(id)?.pid,
        stallMs,
        () => kill(`a run made no progress for ${stallMs / 1000} s`),
      );
      signal.addEventListener('abort', abort, { once: true });
      const release = (): void => {
        job.forget();
        clearTimeout(timer);
        noStall();
        signal.removeEventListener('abort', abort);
      };
      const job: Job = { settle: resolve, release, pid: undefined, forget: () => undefined };
      jobs.set(id, job);
      ref(child, stdin, stdout);
      stdin.write(frame);
    });
  };

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing = true;
    closed ??= end();
    return closed;
  };
  const end = async (): Promise<void> => {
    // At the end of its input it would kill what runs.
    if (jobs.size > 0) {
      await new Promise<void>((resolve) => {
        idle = resolve;
      });
    }
    reason ??= wasClosed;
    stdin.end();
    ref(child, stdin, stdout);
    const timer = setTimeout(() => child.kill('SIGKILL'), killedMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid ?? 0, hello, ended, kill, run, close, rest: () => unref(child, stdin, stdout) };
}

function pipesOf(child: ChildProcess): { readonly stdin: Writable; readonly stdout: Readable } {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('a warm tool was started without pipes');
  return { stdin, stdout };
}

/** A tool that waits for work must not keep the program from ending; one that works must. */
function unref(child: ChildProcess, ...pipes: readonly (Readable | Writable)[]): void {
  child.unref();
  for (const pipe of pipes) (pipe as Socket).unref();
}

function ref(child: ChildProcess, ...pipes: readonly (Readable | Writable)[]): void {
  child.ref();
  for (const pipe of pipes) (pipe as Socket).ref();
}
