import { rm } from 'node:fs/promises';
import { killAllBuilds } from './build/groups.js';
import type { WarmTools } from './build/warm/tools.js';
import type { ResolvedConfig } from './config/resolved.js';
import type { Called, Inspected, Past, PastRequest, Tried } from './control/protocol.js';
import type { Bus } from './events/bus.js';
import type { RecoveryStatistics } from './events/events.js';
import { absentHost } from './host/absent.js';
import { HostGone } from './host/host.js';
import { createQueue, createTurn, type RunningJob } from './reload/queue.js';
import { effectOf } from './session/changes.js';
import { createConfigReader, type JobOptions, type RequestOptions } from './session/config-reader.js';
import { meetEdit } from './session/conflicts/meet-edit.js';
import type { Context } from './session/context.js';
import { createDeferral } from './session/defer.js';
import { openHistory } from './session/generations/history.js';
import { dryRollback, type RollbackRequest } from './session/generations/judge-back.js';
import { createKeptImages } from './session/generations/kept-images.js';
import { readLastGood } from './session/generations/last-good.js';
import { librariesInUse, librariesToKeep } from './session/generations/libraries.js';
import { pinModule } from './session/generations/pin-module.js';
import { recallPins, unpin } from './session/generations/pins.js';
import { type OneOrMany, oneOrMany, rollback } from './session/generations/rollback.js';
import { type TryOptions, tryVersions } from './session/generations/try-versions.js';
import { openCache } from './session/open-cache.js';
import { createOtherTargets } from './session/other-targets.js';
import { openPrecompiling } from './session/precompiling.js';
import { problemOf } from './session/problem.js';
import { newRecord } from './session/records.js';
import { createEmulatorFaults } from './session/recovery/emulator-faults.js';
import { createRecoveries } from './session/recovery/recoveries.js';
import { emitOutcome } from './session/reporter.js';
import { againAndAgain } from './session/rounds.js';
import { claimRunDir, groupsDirOf } from './session/run-dir.js';
import { chooseCopiesDir } from './session/take-over/copies-file.js';
import { readPast } from './session/take-over/past.js';
import { createSupervisor } from './session/take-over/supervise.js';
import { modulesOfTransaction } from './session/together.js';
import {
  createTransactions,
  type Transaction,
  type TransactionOptions,
  type TransactionOutcome,
} from './session/transaction.js';
import { createModelReader } from './session/types-of-both.js';
import { update } from './session/update.js';
import { type CallRequest, callFunction } from './session/values/call.js';
import { type InspectOptions, inspect } from './session/values/inspect.js';
import { createLive } from './session/values/live.js';
import { openWarmTools } from './session/warm-tools.js';
import { watchProject } from './session/watch-project.js';
import { openWorkshop, type Workshop } from './session/workshop.js';
import { findHostProgram } from './toolchain/host-program.js';
import type { FileChange } from './watch/watcher.js';

export type { RequestOptions };

export interface SessionOptions {
  readonly bus: Bus;
  readonly config: ResolvedConfig;
  /** Reads the configuration again; throws HotmodError where it is broken. */
  readonly loadConfig: () => Promise<ResolvedConfig>;
  readonly watch: boolean;
  /** Where compiled parts of hotmod itself are kept, for all projects of the user. */
  readonly cacheDir: string;
  /** The environment that compilers are looked for and run in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Further files that must not outlive the session, however it ends. */
  readonly cleanUp: readonly string[];
  /** Compilers and linkers that stay loaded, shared with other sessions. Default: the session has its own. */
  readonly warm?: WarmTools;
  /** Where the history is kept; `memory` for a session that nobody comes back to. Default: on disk. */
  readonly keepHistory?: 'disk' | 'memory';
  /** Finds objects of the user's other projects, and leaves its own for them. Default: false. */
  readonly shareObjects?: boolean;
  /** False where whoever asks repeats the whole run when it suspects the emulator. Default: true. */
  readonly retryCrashes?: boolean;
}

/** A running hotmod: everything a view, a command or a test may ask of it. Outcomes come as events of the bus. */
export interface Session extends AsyncDisposable {
  readonly context: Readonly<Context>;
  /** Settles with the reason when the session cannot go on. */
  readonly gaveUp: Promise<string>;
  /** Brings modules up to date with the disk. */
  request(modules: readonly string[], options?: RequestOptions): void;
  /** Reads the configuration again, takes modules in and out, and brings all of them up to date. */
  refresh(options?: RequestOptions): Promise<void>;
  /** Settles when nothing is being built, reloaded or recovered. */
  idle(): Promise<void>;
  /** Settles when what is made between edits for those that follow is made as well. */
  settle(): Promise<void>;
  /**
   * Goes back to an earlier generation, or with several modules in one transaction, all or none; throws HotmodError where
   * it does not exist (HM564), where there is none (HM515), or where a module is pinned (HM565).
   */
  readonly rollback: OneOrMany;
  /** The verdict on that alone, told to another bus; whether it may be done. */
  dryRollback(request: RollbackRequest, bus: Bus): Promise<boolean>;
  /** Modules that still run what one transaction brought; null for the newest. Throws HotmodError HM527 where there is none. */
  modulesOfTransaction(number: number | null): readonly string[];
  /** What happened, in this session and those before; throws HotmodError HM568 for a difference that is not known. */
  past(request: PastRequest): Past;
  /** Has a module stay at a generation, going back to it first; null for the one that runs. Whether it is there now. */
  pin(module: string, at: number | null): Promise<boolean>;
  /** Lets a module go with its source again, and brings it up to date. Whether it was pinned. */
  unpin(module: string): Promise<boolean>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Runs frames of `dt` seconds one by one, and waits until what crashed in them has been dealt with. */
  step(frames: number, dt?: number): Promise<void>;
  /** Live values, read between frames. */
  inspect(options: InspectOptions): Promise<Inspected>;
  /** Modules that are to change together when the program says so; committed when `body` ends. */
  transaction(
    body: (transaction: Transaction) => Promise<void>,
    options?: TransactionOptions,
  ): Promise<readonly TransactionOutcome[]>;
  /** Runs another generation of a module beside the one that runs, in copies of the program. */
  tryVersions(options: TryOptions): Promise<Tried>;
  /** What became of the crashes since the session began. */
  recoveryStatistics(): RecoveryStatistics;
  /** Calls an exported function between frames. */
  call(request: CallRequest): Promise<Called>;
  /** Emits `host:stats` and changed `module:view` at this interval until the returned function is called. */
  live(intervalMs: number): () => void;
  /** Has `live` look at the variables of a module as well, and emit `module:state`; null for none. */
  watchState(module: string | null): void;
  /** Ends everything at once, without asking modules to shut down. */
  kill(): void;
}

/**
 * Opens a session: the one place that knows the order of the stages.
 *
 *   file change -> `effectOf` -> queue -> `update`: build, validate, assess (session/prepare.ts),
 *                                                   load, verify, switch (reload/transact.ts)
 *   change of the configuration -> session/configure.ts
 *   crash of a module, end of the host -> session/take-over/supervise.ts, session/recovery/recover.ts
 *
 * @throws HotmodError where the toolchain, the engine or the session's folder is not to be had.
 */
export async function createSession(options: SessionOptions): Promise<Session> {
  const stack = new AsyncDisposableStack();
  try {
    return await open(options, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function open(options: SessionOptions, stack: AsyncDisposableStack): Promise<Session> {
  const { bus, config, env } = options;
  const runDir = await claimRunDir(config.outDir);
  stack.defer(() => rm(runDir, { recursive: true, force: true }));

  const warm = options.warm ?? stack.use(openWarmTools({ cacheDir: options.cacheDir, env, say: bus.emit }));
  // Only who saves files again and again is served by what is made for the next time.
  const precompiling = options.watch ? stack.use(openPrecompiling(bus.emit)) : undefined;
  const cache =
    options.shareObjects === true ? openCache({ cacheDir: options.cacheDir, config, say: bus.emit }) : undefined;
  if (cache !== undefined) stack.use(cache);
  const workshopFor = (settings: ResolvedConfig): Promise<Workshop> =>
    openWorkshop({
      ...{ config: settings, env, cacheDir: options.cacheDir, groupsDir: groupsDirOf(runDir), warm },
      ...(precompiling === undefined ? {} : { precompiling }),
      ...(cache === undefined || settings.build.cacheLimit === 0 ? {} : { cache }),
    });
  const hostProgram = await findHostProgram({ target: config.target, env, cacheDir: options.cacheDir });
  const { builder, engineLibrary } = await workshopFor(config);

  const lastGood = await readLastGood(config.outDir);
  // Whose settings count changes with the configuration; before there is a context, it is the one given.
  let settingsNow = (): ResolvedConfig => config;
  const history = stack.use(
    openHistory({ bus, config: () => settingsNow(), keptIn: options.keepHistory ?? 'disk', lastGood }),
  );
  const context: Context = {
    bus,
    env,
    records: new Map(config.modules.map((module) => [module.name, newRecord(module, history.highest(module.name))])),
    history,
    engineLibrary,
    hostProgram,
    emulatorFaults: createEmulatorFaults(hostProgram.emulator),
    retryOnce: hostProgram.emulator !== '' && (options.retryCrashes ?? true),
    models: createModelReader(config.root, config.target),
    turn: createTurn(),
    recoveries: createRecoveries(bus, () => settingsNow().recovery),
    config,
    builder,
    host: absentHost(),
    watcher: null,
    deferredSince: new Map(),
    transactions: 0,
    paused: false,
    arriving: new Map(),
    startsAlone: false,
    closing: false,
  };
  settingsNow = () => context.config;
  history.sayInterrupted();
  recallPins(context, context.records.keys());

  let pruned: number | null = null;
  const pruneNowAndThen = (): void => {
    // What starts from the cache leaves nothing behind, however many modules that are.
    pruned ??= context.transactions;
    if (context.transactions < pruned + transactionsBetweenPrunes) return;
    pruned = context.transactions;
    try {
      context.builder.prune({ keep: librariesToKeep(context) });
    } catch {
      // What cannot be removed now is tried again later; the session has better things to do than to fail over it.
    }
  };

  const sayIdle = (): void => {
    if (context.closing || queue.busy || supervisor.busy) return;
    context.models.keepOnly(librariesInUse(context));
    keptImages.look();
    history.journal.settle();
    const running = [...context.records.values()].filter((record) => record.running !== null);
    bus.emit({ type: 'session:idle', modules: running.map((record) => record.settings.name) });
    context.models.readExpected();
    pruneNowAndThen();
  };

  const requestNow = (modules: readonly string[], wanted: JobOptions = {}): void => {
    if (modules.length === 0) return;
    const { force = false, acceptUnsafe = false, rebuild = false, savedAt = 0, together = false } = wanted;
    const { edit = false, since = 0, conflicts = [] } = wanted;
    const names = new Set(modules);
    queue.request({ modules: names, savedAt, force, acceptUnsafe, rebuild, together, edit, since, conflicts });
  };
  const request = (modules: readonly string[], wanted: JobOptions = {}): void =>
    requestNow(transactions.free(modules, wanted), wanted);
  /** A second attempt is no new edit; one of a transaction belongs to it, which is still open. */
  const requestAgain = (modules: readonly string[], job: JobOptions): void =>
    (job.together === true ? requestNow : request)(modules, { ...job, edit: false });

  const run = async (job: RunningJob): Promise<void> => {
    try {
      const { unsettled, interrupted, woken, deferred } = await update(context, job);
      others.judge([...job.modules]);
      if (deferred.modules.length > 0) deferral.defer(deferred.modules, deferred.reasons, job);
      requestAgain(interrupted, job);
      request(woken, { force: true });
      request(againAndAgain(context, job.modules, unsettled), { savedAt: job.savedAt });
    } catch (error) {
      const problem = problemOf(error);
      bus.emit({ type: 'session:problem', ...problem });
      // Whoever waits for an outcome must get one.
      for (const name of job.modules) {
        const record = context.records.get(name);
        if (record === undefined) continue;
        const { generation = 0, level = 'SAFE' } = record.running ?? {};
        emitOutcome(context, record, { outcome: 'failed', generation, level, ...problem });
      }
    }
  };

  const keptImages = createKeptImages(context);
  const deferral = createDeferral(context, requestAgain);
  const reader = createConfigReader(context, {
    load: options.loadConfig,
    openBuilder: async (settings) => (await workshopFor(settings)).builder,
    watchAgain: (settings) => watchAgain(settings),
    request,
  });

  const onWatchError = (error: Error): void =>
    bus.emit({ type: 'session:problem', code: 'HM524', message: `Watching files failed: ${error.message}` });

  const onChange = (change: FileChange): void => {
    const effect = effectOf(context, change);
    if (effect.modules.length > 0) {
      bus.emit({ type: 'watch:change', files: [change.path], modules: effect.modules });
      request(effect.modules, { savedAt: change.savedAt, edit: true });
    }
    if (!effect.configuration) return;
    const own = context.config.configFiles.includes(change.path) ? change.path : undefined;
    void reader.read({ savedAt: change.savedAt, edit: true }, own);
  };

  const others = createOtherTargets(context, workshopFor);
  stack.defer(() => others.idle());
  const transactions = createTransactions(context, requestNow);
  const queue = createQueue(run, sayIdle, context.turn, (edit, underWay) => meetEdit(context, edit, underWay));
  const copiesDir = await chooseCopiesDir(runDir);
  const supervisor = createSupervisor(context, { runDir, copiesDir, cleanUp: options.cleanUp, onSettled: sayIdle });
  stack.defer(() => context.builder.prune({ keep: librariesToKeep(context) }));
  stack.defer(() => context.host.close());
  stack.defer(() => supervisor.closeStandby());
  stack.defer(() => queue.close());

  const watchAgain = async (settings: ResolvedConfig): Promise<void> => {
    const before = context.watcher;
    if (!options.watch) return;
    context.watcher = await watchProject(settings, onChange, onWatchError);
    await before?.[Symbol.asyncDispose]();
  };
  stack.defer(() => context.watcher?.[Symbol.asyncDispose]());
  await Promise.all([watchAgain(config), supervisor.start()]);

  const step = async (frames: number, dt = 1 / 60): Promise<void> => {
    try {
      await context.host.step(frames, dt);
      const { modules } = await context.host.stats();
      const crashed = modules.some((one) => !one.running && context.records.get(one.module)?.running !== null);
      if (crashed && !supervisor.busy) await bus.next('host:crash');
    } catch (error) {
      if (!(error instanceof HostGone)) throw error;
      if (!supervisor.busy) await bus.next('host:crash');
    }
    await supervisor.idle();
    await deferral.look();
    live.wake();
  };

  /** Whatever changes the running program beside the queue. */
  const inTurn = async <T>(action: () => Promise<T>): Promise<T> => {
    const release = await context.turn();
    try {
      return await action();
    } finally {
      release();
    }
  };
  const changing = <T>(action: () => Promise<T>): Promise<T> => inTurn(action).finally(sayIdle);

  const idle = async (): Promise<void> => {
    while (queue.busy || supervisor.busy || reader.busy) {
      await Promise.all([queue.idle(), supervisor.idle(), reader.idle()]);
    }
    await others.idle();
  };

  const live = createLive(context);
  const setPaused = (paused: boolean): Promise<void> => {
    context.paused = paused;
    return paused ? context.host.pause() : context.host.resume();
  };
  const seen = async (change: Promise<void>): Promise<void> => {
    await change;
    live.wake();
  };

  return {
    context,
    gaveUp: supervisor.gaveUp,
    request: (modules, wanted = {}) => request(modules, { ...wanted, edit: (wanted.savedAt ?? 0) > 0 }),
    refresh: async (wanted = {}) => {
      await reader.read(wanted);
      request([...context.records.keys()], wanted);
    },
    idle,
    async settle() {
      await idle();
      await precompiling?.idle.done();
    },
    rollback: oneOrMany((wanted) => changing(() => rollback(context, wanted))),
    modulesOfTransaction: (number) => modulesOfTransaction(context, number),
    dryRollback: (wanted, to) => inTurn(() => dryRollback(context, wanted, to)),
    past: (wanted) => readPast(history.journal, runningGenerations(context), wanted),
    pin: (module, at) => changing(() => pinModule(context, module, at)),
    async unpin(module) {
      const record = context.records.get(module);
      if (record === undefined || !unpin(context, record)) return false;
      request([module]);
      await idle();
      return true;
    },
    pause: () => seen(setPaused(true)),
    resume: () => seen(setPaused(false)),
    step,
    inspect: (wanted) => inspect(context, wanted),
    transaction: transactions.run,
    tryVersions: (wanted) => tryVersions(context, wanted),
    recoveryStatistics: context.recoveries.statistics,
    call: (wanted) => callFunction(context, wanted),
    live: live.start,
    watchState: live.watchState,
    kill() {
      context.closing = true;
      killAllBuilds();
      supervisor.killStandby();
      context.host.kill();
    },
    async [Symbol.asyncDispose]() {
      context.closing = true;
      await stack.disposeAsync();
      const statistics = context.recoveries.statistics();
      if (statistics.crashes > 0) bus.emit({ type: 'recovery:statistics', ...statistics });
    },
  };
}

/** Every reload leaves files behind, and a session may last for weeks: it must not fill the disk until its end. */
const transactionsBetweenPrunes = 200;

function runningGenerations({ records }: Context): ReadonlyMap<string, number> {
  return new Map([...records].map(([name, { running }]) => [name, running?.generation ?? 0]));
}
