import { closeSync, existsSync, openSync, readSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import { messageOf } from '../../errors.js';
import { endSignalOf, type Run, type RunRequest, type RunResult, whyEnded } from '../run.js';
import { startWarmProcess, type WarmProcess, wasClosed } from './process.js';

/** Something worth telling people about. */
export interface WarmProblem {
  readonly code: 'HM220' | 'HM221';
  readonly message: string;
}

export interface WarmToolsOptions {
  /** Gives the library to preload, built with this compiler; called once, when the first tool is started. */
  readonly library: (compiler: string) => Promise<string>;
  /** How tools are run in the usual way. */
  readonly plain: Run;
  readonly onProblem: (problem: WarmProblem) => void;
  readonly platform?: NodeJS.Platform;
  /** See `WarmProcessOptions`. Default: 10 s. */
  readonly stallMs?: number;
  /** Tools that fail so often within a minute are not tried again; the plain command always works. Default: 5. */
  readonly maxFailures?: number;
}

/** Compilers and linkers that stay loaded. */
export interface WarmTools extends AsyncDisposable {
  /**
   * Runs a tool as `plain` would, only sooner: in a fork of one that was loaded before. Where there is none (yet), where it
   * is not one of those that are worth it, and where what came of it is not to be trusted, `plain` does it.
   *
   * @param compiler absolute path of the one that builds the library to preload
   */
  runWith(compiler: string): Run;
  /** The processes that are ready, by the tool's path. */
  ready(): ReadonlyMap<string, WarmProcess>;
  /** Starts one without a run to do. Answers null when it is ready, else why it will not be. */
  prepare(file: string, compiler: string, env: Readonly<Record<string, string>>): Promise<string | null>;
}

/** A place for one process of one tool, in one environment. */
interface Slot {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  process: WarmProcess | undefined;
  starting: Promise<void> | undefined;
  /** Why there will be none. */
  refused: string | undefined;
}

/** Only what is slow to load: most of the time that these take for a small file is the loading of LLVM's libraries. */
const worthIt = /^(?:clang(?:\+\+)?(?:-\d+)?|ld\.lld|lld(?:-\d+)?|(?:ld\.)?mold)$/;

const defaultMaxFailures = 5;
const withinMs = 60_000;

/** Tools in different environments; beyond it they are run in the usual way. */
const maxSlots = 8;

const defaultStallMs = 10_000;

export function createWarmTools(options: WarmToolsOptions): WarmTools {
  const { plain, onProblem, platform = process.platform, stallMs = defaultStallMs } = options;
  const { maxFailures = defaultMaxFailures } = options;
  const slots = new Map<string, Slot>();
  let failures: readonly number[] = [];
  let closed = false;
  let library: Promise<string> | undefined;
  // Preloading is a matter of the ELF loader, and what is preloaded asks Linux for process handles.
  let off = platform !== 'linux';

  const start = (slot: Slot, compiler: string): Promise<void> => {
    slot.starting ??= (async () => {
      try {
        library ??= options.library(compiler);
        const { program, env } = slot;
        const started = await startWarmProcess({ program, env, stallMs, library: await library }, (reason) => {
          slot.refused = reason;
        });
        if (closed || off) await started?.close();
        else adopt(slot, started);
      } catch (error) {
        slot.refused = messageOf(error);
      }
      slot.starting = undefined;
      if (slot.refused === undefined || closed || off) return;
      const message = `${slot.program} cannot be kept loaded: ${slot.refused}; its plain command is used`;
      onProblem({ code: 'HM220', message });
    })();
    return slot.starting;
  };

  const adopt = (slot: Slot, started: WarmProcess | undefined): void => {
    slot.process = started;
    void started?.ended.then(() => {
      if (slot.process === started) slot.process = undefined;
    });
  };

  const slotFor = (program: string, env: Readonly<Record<string, string>>): Slot | undefined => {
    const key = JSON.stringify([program, environmentAtLoad(env)]);
    const known = slots.get(key);
    if (known !== undefined || slots.size >= maxSlots) return known;
    const slot: Slot = { program, env, process: undefined, starting: undefined, refused: undefined };
    slots.set(key, slot);
    return slot;
  };

  const ready = (slot: Slot, compiler: string): WarmProcess | undefined => {
    if (slot.process === undefined) {
      if (slot.refused === undefined) void start(slot, compiler);
      return undefined;
    }
    if (slot.process.isCurrent()) return slot.process;
    // The tool was replaced. What runs in the old one ends first; it is as good as what was started a moment ago.
    void slot.process.close();
    slot.process = undefined;
    void start(slot, compiler);
    return undefined;
  };

  const failed = (program: string, reason: string): void => {
    const now = performance.now();
    failures = [...failures.filter((time) => time > now - withinMs), now];
    if (failures.length < maxFailures || off) return;
    off = true;
    const message = `loaded tools failed ${failures.length} times within a minute, at last ${program}: ${reason}`;
    onProblem({ code: 'HM221', message: `${message}; the plain commands are used from now on` });
    for (const slot of slots.values()) void slot.process?.close();
  };

  const run = async (request: RunRequest, compiler: string): Promise<RunResult> => {
    const env = request.baseEnv === undefined ? undefined : { ...request.baseEnv, ...request.env };
    const program = off || closed || request.shell || env === undefined ? undefined : toolAt(request.file);
    if (program === undefined || env === undefined || request.signal.aborted) return plain(request);
    const slot = slotFor(program, env);
    const loaded = slot === undefined ? undefined : ready(slot, compiler);
    if (loaded === undefined) return plain(request);

    const argv = [request.file, ...request.args];
    const endSignal = endSignalOf(request);
    const ended = await loaded.run({ argv, cwd: request.cwd, env }, endSignal);
    if (endSignal.aborted) {
      const why = whyEnded(request, true);
      return { exitCode: null, signal: 'SIGKILL', startError: '', output: '', ...why, warm: true };
    }
    const result = ended.lost === null ? resultOf(ended.status, ended.output) : undefined;
    const doubt = ended.lost ?? (result === undefined ? 'it gave no result' : doubtOf(request, result));
    if (result !== undefined && doubt === null) return { ...result, warm: true };

    const again = await plain(request);
    // A compiler that crashes on this source however it is started is no fault of being loaded.
    if (result !== undefined && doubtOf(request, again) === doubt) return again;
    const reason = doubt ?? 'it gave no result';
    if (again.cancelled || ended.lost === wasClosed) return again;
    failed(program, reason);
    return { ...again, fallback: `${basename(request.file)}: ${reason}` };
  };

  return {
    runWith: (compiler) => (request) => run(request, compiler),
    ready: () =>
      new Map(
        [...slots.values()].flatMap((slot) => (slot.process === undefined ? [] : [[slot.program, slot.process]])),
      ),
    async prepare(file, compiler, env) {
      if (platform !== 'linux') return `nothing is preloaded on ${platform}`;
      const program = toolAt(file);
      if (program === undefined) return 'it is none of the tools that take long to load';
      const slot = slotFor(program, env);
      if (slot === undefined) return 'there are too many already';
      if (slot.process === undefined && slot.refused === undefined) await start(slot, compiler);
      return slot.refused ?? null;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all([...slots.values()].map((slot) => slot.starting));
      await Promise.all([...slots.values()].map((slot) => slot.process?.close()));
    },
  };
}

/** All of it but the folder for temporary files, which is another for each build and which no library reads when it is loaded. */
function environmentAtLoad(env: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(env)
    .filter(([name]) => name !== 'TMPDIR')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const elfMagic = '\x7fELF';

/**
 * The program behind a path, where it is one to keep loaded. A script around a compiler is none, nor is ccache under the
 * compiler's name.
 */
function toolAt(file: string): string | undefined {
  if (!isAbsolute(file)) return undefined;
  try {
    const program = realpathSync(file);
    if (!worthIt.test(basename(program))) return undefined;
    const magic = Buffer.alloc(4);
    const descriptor = openSync(program, 'r');
    readSync(descriptor, magic, 0, 4, 0);
    closeSync(descriptor);
    return magic.toString('latin1') === elfMagic ? program : undefined;
  } catch {
    return undefined;
  }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, value]) => [value, name]));

/** Exit code or signal from a status of wait(2), as on Linux. Undefined for a process that has not ended. */
function resultOf(status: number, output: string): RunResult | undefined {
  const base = { startError: '', output, cancelled: false, tooLongMs: 0 };
  const signal = status & 0x7f;
  if (signal === 0) return { ...base, exitCode: (status >> 8) & 0xff, signal: '' };
  return signal === 0x7f
    ? undefined
    : { ...base, exitCode: null, signal: signalNames.get(signal) ?? `signal ${signal}` };
}

/** What speaks against taking a result as it is; null for nothing. A rejected source is told by an error, and that is a good answer. */
function doubtOf({ makes }: RunRequest, { exitCode, signal, output }: RunResult): string | null {
  if (signal !== '') return `a run ended by ${signal}`;
  if (exitCode === 0) return makes === undefined || existsSync(makes) ? null : `a run ended well and left no ${makes}`;
  return exitCode === 1 && /error|fatal/.test(output) ? null : `a run ended with code ${exitCode}`;
}
