import { DataType, type FieldType, load, open } from 'ffi-rs';
import { crashPolicies, type EntryNames, faultClasses } from '../config/resolved.js';
import { decodeCall, decodeRead, encodeCall, encodeRead } from './engine-calls.js';
import {
  readCommitted,
  readFacts,
  readFault,
  readFindings,
  readInheritance,
  readKept,
  readRecovered,
  readStats,
  readViews,
} from './engine-reports.js';
import { describeFailure, type FailureText, planFailure, readFailure } from './failures.js';
import {
  type CallAnswer,
  type CallRequest,
  type CommitRequest,
  type CommitResult,
  type HostStats,
  type Inheritance,
  type KeptImage,
  type ModuleFault,
  type ModuleImport,
  type ModuleRecovered,
  type ModuleView,
  maxReadBytes,
  type ProbeRequest,
  type ProbeResult,
  type ReadRequest,
  type ReadResult,
  type RecoverySettings,
  type RevertResult,
  type StageRequest,
  type StageResult,
  type TransferRequest,
  type TrialRequest,
} from './host.js';
import { ReportReader } from './report.js';

/**
 * The engine as TypeScript sees it. Calls that may wait for a module run on a worker thread, so that the process still
 * hears its parent while a module hangs; they are made one after the other.
 */
export interface Engine {
  /** Becomes readable when takeFaults has something to give. */
  readonly faultDescriptor: number;
  /** `library` is the private copy, which the engine removes when it unloads it. */
  stage(request: StageRequest, library: string): Promise<StageResult>;
  commit(request: CommitRequest): Promise<CommitResult>;
  probe(request: ProbeRequest): Promise<ProbeResult>;
  /** Null once both files are written; otherwise why nothing was tried. */
  tryVersions(
    request: TrialRequest,
    paths: { readonly running: string; readonly staged: string },
  ): Promise<FailureText | null>;
  inherit(copiesFile: string): Promise<Inheritance>;
  endInheritance(): Promise<void>;
  read(request: ReadRequest): Promise<ReadResult>;
  call(request: CallRequest): Promise<CallAnswer>;
  revert(module: string): Promise<RevertResult>;
  discard(module: string): Promise<void>;
  unload(module: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  setRate(framesPerSecond: number): Promise<void>;
  setRecovery(settings: RecoverySettings): Promise<void>;
  step(frames: number, dt: number): Promise<void>;
  stats(): Promise<HostStats>;
  /** Closes images that were replaced, as far as nothing needs them. To follow a commit, when its answer is out. */
  sweep(): Promise<void>;
  kept(): Promise<readonly KeptImage[]>;
  views(): Promise<readonly ModuleView[]>;
  stop(): Promise<void>;
  takeFaults(): readonly ModuleFault[];
  takeRecovered(): readonly ModuleRecovered[];
  /** Ends this process at once, after passing on what was written to standard output. */
  exit(status: number): void;
}

export interface EngineOptions {
  /** Absolute path of the engine's library. Its folder's name is the hash of its content. */
  readonly library: string;
  readonly statusFile: string;
  /** Empty for none. */
  readonly copiesFile: string;
  readonly rate: number;
  readonly stepped: boolean;
  readonly recovery: RecoverySettings;
}

/** Enough for a fault that took some hundred modules back, with the longest paths in every frame of its stack. */
const faultBytes = 576 * 1024;

/** Loads and starts the engine. Once in a process: signal handlers and standard output are the process's own. */
export function startEngine(options: EngineOptions): Engine {
  // ffi-rs ignores a second open of the same key and goes on with the old library, so the key is the hashed path.
  open({ library: options.library, path: options.library });
  const now = callNow(options.library);
  const later = callLater(options.library);
  const { String: text, I32: int, U32: unsigned, Double: real, U8Array: bytes } = DataType;

  const { statusFile, copiesFile, rate, stepped } = options;
  const error = now('hot_node_start', [text, text, real, int], [statusFile, copiesFile, rate, stepped ? 1 : 0]);
  if (error !== 0) throw new Error(`The engine could not start (errno ${error}, status file ${statusFile}).`);

  let last: Promise<unknown> = Promise.resolve();
  const queue = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
  const command = (name: string, types: FieldType[] = [], values: unknown[] = []): Promise<void> =>
    queue(async () => {
      await load({
        library: options.library,
        funcName: name,
        retType: DataType.Void,
        paramsType: types,
        paramsValue: values,
        runInNewThread: true,
      });
    });
  const report = (name: string, types: FieldType[] = [], values: unknown[] = []): Promise<ReportReader> =>
    queue(async () => takeReport(now, await later(name, types, values)));
  // The request is handed over on this thread, like the answer: a worker could find its buffer moved or freed.
  const ask = (request: Buffer, name: string, types: FieldType[], values: unknown[]): Promise<Buffer> =>
    queue(async () => {
      const given = now('hot_node_give', [bytes, int], [request, request.length]);
      const size = given === 0 ? await later(name, types, values) : -1;
      if (size < 0) throw new Error(`The host has no memory for a request of ${request.length} bytes and its answer.`);
      const answer = Buffer.alloc(Math.max(size, 1));
      now('hot_node_take_answer', [bytes, int], [answer, size]);
      return answer.subarray(0, size);
    });
  const givePlan = (module: string, transfer: TransferRequest, wayBack = false): Promise<FailureText | null> =>
    queue(async () => {
      const types = [text, int, real, bytes, int, bytes, int, int, int];
      const parameters = planParameters(module, transfer, planCopy(transfer.plan));
      const problem = now('hot_node_give_plan', types, [...parameters, wayBack ? 1 : 0]);
      return problem === 0 ? null : describeFailure(planFailure(module, problem));
    });
  const planCopy = createCopier();
  const faultBuffer = Buffer.alloc(faultBytes);
  const expectGeneration = (module: string, generation: number): Promise<void> =>
    queue(async () => {
      const paramsType = [text, unsigned];
      const paramsValue = [module, generation];
      load({
        library: options.library,
        funcName: 'hot_expect_module',
        retType: DataType.Void,
        paramsType,
        paramsValue,
      });
    });
  const setRecovery = (settings: RecoverySettings): Promise<void> =>
    command(
      'hot_node_set_recovery',
      [unsigned, unsigned, unsigned, int, real, unsigned, int],
      recoveryParameters(settings),
    );
  void setRecovery(options.recovery);

  return {
    faultDescriptor: now('hot_fault_descriptor', [], []),
    async stage(request, library) {
      const started = performance.now();
      const { module, generation, entry } = request;
      const parameters = [module, generation, library, entryList(entry), importList(request.imports ?? [])];
      const reader = await report('hot_node_stage', [text, unsigned, text, text, text], parameters);
      const failure = readFailure(reader);
      const loadMs = performance.now() - started;
      return failure.problem === 'none'
        ? { ok: true, facts: readFacts(reader), loadMs }
        : { ok: false, ...describeFailure(failure), loadMs };
    },
    async commit({ modules, overrule, afresh, plans, returns, replaces }) {
      for (const [module, generation] of Object.entries(replaces ?? {})) await expectGeneration(module, generation);
      if (overrule === true) for (const module of modules) await command('hot_overrule_module', [text], [module]);
      if (afresh === true) for (const module of modules) await command('hot_start_afresh', [text], [module]);
      for (const [module, transfer] of Object.entries(plans ?? {})) {
        const refusal = await givePlan(module, transfer);
        if (refusal === null) continue;
        for (const one of modules) await command('hot_discard_module', [text], [one]);
        return { ok: false, staleBase: false, pauseMs: 0, ...refusal, module, step: 'transfer' };
      }
      // Without a way back by plan there is the one to the state as of the reload, so that no refusal matters.
      for (const [module, transfer] of Object.entries(returns ?? {})) await givePlan(module, transfer, true);
      const reader = await report('hot_node_commit', [text], [[...new Set(modules)].join('/')]);
      const failure = readFailure(reader);
      const pauseMs = reader.milliseconds();
      const frame = reader.number();
      if (failure.problem === 'none') return { ok: true, pauseMs, frame, modules: readCommitted(reader) };
      const staleBase = failure.problem === 'staleBase';
      return { ok: false, staleBase, pauseMs, ...describeFailure(failure), module: failure.module, step: failure.step };
    },
    async probe({ module, transfer, replaces }) {
      if (replaces !== undefined) await expectGeneration(module, replaces);
      const refusal = await givePlan(module, transfer);
      if (refusal !== null) return { ok: false, staleBase: false, ...refusal, findings: [] };
      const reader = await report('hot_node_probe', [text], [module]);
      const failure = readFailure(reader);
      const staleBase = failure.problem === 'staleBase';
      if (failure.problem !== 'none') return { ok: false, staleBase, ...describeFailure(failure), findings: [] };
      return { ok: true, staleBase, code: '', message: '', findings: readFindings(reader) };
    },
    async tryVersions(request, paths) {
      const { module, frames, dt, looks, stateLimit, patienceMs, transfer } = request;
      const refusal = transfer === null ? null : await givePlan(module, transfer);
      if (refusal !== null) return refusal;
      const types = [text, unsigned, real, unsigned, real, real, text, text];
      const values = [module, frames, dt, looks, stateLimit, patienceMs, paths.running, paths.staged];
      const failure = readFailure(await report('hot_node_try', types, values));
      return failure.problem === 'none' ? null : describeFailure(failure);
    },
    async read(request) {
      const total = request.ranges.reduce((sum, range) => sum + range.size, 0);
      if (!(total <= maxReadBytes)) throw new Error(`${total} bytes are more than the ${maxReadBytes} of one reading.`);
      return decodeRead(request, await ask(encodeRead(request), 'hot_node_read', [text], [request.module]));
    },
    async call(request) {
      const parameters = [request.module, request.symbol];
      return decodeCall(request, await ask(encodeCall(request), 'hot_node_call', [text, text], parameters));
    },
    async revert(module) {
      const reader = await report('hot_node_revert', [text], [module]);
      const failure = readFailure(reader);
      const generation = reader.number();
      if (failure.problem === 'none') return { ok: true, generation, code: '', message: '' };
      return { ok: false, generation, ...describeFailure(failure) };
    },
    inherit: async (file) => readInheritance(await report('hot_node_inherit', [text], [file])),
    endInheritance: () => command('hot_end_inheritance'),
    discard: (module) => command('hot_discard_module', [text], [module]),
    unload: (module) => command('hot_unload_module', [text], [module]),
    pause: () => command('hot_pause'),
    resume: () => command('hot_resume'),
    setRate: (framesPerSecond) => command('hot_set_rate', [real], [framesPerSecond]),
    setRecovery,
    step: (frames, dt) => command('hot_step', [unsigned, real], [frames, dt]),
    stats: async () => readStats(await report('hot_node_stats')),
    // Most first starts leave nothing behind, and then a worker thread is not worth its start.
    sweep: async () => {
      const waits = await queue(async () => now('hot_sweep_waits', [], []));
      if (waits !== 0) await command('hot_sweep');
    },
    kept: async () => readKept(await report('hot_node_kept')),
    views: async () => readViews(await report('hot_node_views')),
    stop: () => command('hot_engine_stop'),
    takeFaults: () => takeAll(now, 'hot_node_take_fault', faultBuffer, readFault),
    takeRecovered: () => takeAll(now, 'hot_node_take_recovered', faultBuffer, readRecovered),
    exit(status) {
      load({
        library: options.library,
        funcName: 'hot_node_exit',
        retType: DataType.Void,
        paramsType: [int],
        paramsValue: [status],
      });
    },
  };
}

type CallNow = (name: string, types: FieldType[], values: unknown[]) => number;

function callNow(library: string): CallNow {
  return (funcName, paramsType, paramsValue) =>
    load({ library, funcName, retType: DataType.I32, paramsType, paramsValue });
}

function callLater(library: string): (name: string, types: FieldType[], values: unknown[]) => Promise<number> {
  return (funcName, paramsType, paramsValue) =>
    load({ library, funcName, retType: DataType.I32, paramsType, paramsValue, runInNewThread: true });
}

/** Copies the report on this thread: a buffer handed to a worker could be moved or freed while it writes. */
function takeReport(now: CallNow, size: number): ReportReader {
  const bytes = Buffer.alloc(Math.max(size, 1));
  const taken = now('hot_node_take_report', [DataType.U8Array, DataType.I32], [bytes, size]);
  return new ReportReader(bytes.subarray(0, taken));
}

/** Everything that waits in one of the engine's queues. */
function takeAll<T>(now: CallNow, take: string, bytes: Buffer, read: (report: ReportReader) => T): readonly T[] {
  const taken: T[] = [];
  for (;;) {
    const size = now(take, [DataType.U8Array, DataType.I32], [bytes, bytes.length]);
    if (size === 0) return taken;
    taken.push(read(new ReportReader(bytes.subarray(0, size))));
  }
}

const megabyte = 1024 * 1024;

/** In the order of hot_node_set_recovery's parameters. */
function recoveryParameters(settings: RecoverySettings): unknown[] {
  const { probationFrames, restart, frameCopies, frameCopyLimit, policy = {}, retryOnce = false } = settings;
  // Four bits for each kind of crash.
  const policies = faultClasses.reduce(
    (bits, one, index) => bits | (crashPolicies.indexOf(policy[one] ?? 'default') << (4 * index)),
    0,
  );
  const limit = frameCopyLimit * megabyte;
  const copies = [frameCopies ? 1 : 0, limit];
  return [probationFrames, restart.max, restart.withinMs, ...copies, policies, retryOnce ? 1 : 0];
}

/** In the order of hot_node_give_plan's parameters (engine/node_api.c). */
function planParameters(
  module: string,
  { plan, what, size, mustHold, oldImage }: TransferRequest,
  copy: Buffer,
): unknown[] {
  const checks = Buffer.alloc(mustHold.length * 4);
  for (const [index, check] of mustHold.entries()) checks.writeUInt32LE(check, index * 4);
  const kind = what === 'variables' ? 0 : 1;
  const fate = ['close', 'search', 'keep'].indexOf(oldImage);
  return [module, kind, size, copy, plan.length, checks, mustHold.length, fate];
}

/**
 * Copies into the same memory each time, for calls that are over when the next one is made: as buffers of their own, the
 * plans of ten thousand reloads were thirty megabytes that nobody collected, because the rest of this process is so small.
 */
function createCopier(): (bytes: Uint8Array) => Buffer {
  let memory = Buffer.alloc(0);
  return (bytes) => {
    if (memory.length < bytes.length) memory = Buffer.alloc(2 * bytes.length);
    memory.set(bytes);
    return memory;
  };
}

/** One line for each, as imports.h has it. */
function importList(imports: readonly ModuleImport[]): string {
  return imports.map(({ symbol, module, optional }) => `${optional ? '?' : ''}${symbol}=${module}`).join('\n');
}

/** The lists in the order of `hot_entry_names_t`. */
function entryList(entry: EntryNames): string {
  const lists = [
    entry.getInterface,
    entry.init,
    entry.update,
    entry.shutdown,
    entry.saveState,
    entry.loadState,
    entry.view,
  ];
  return lists.map((names) => names.join(',')).join(';');
}
