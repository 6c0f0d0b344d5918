import { type HostEnd, HostGone, type ModuleFacts, type ModuleFault, type WentBack } from '../host/host.js';
import { noState, stateOf, type Transfer } from '../reload/transact.js';
import type { Context } from './context.js';
import { describeHostEnd, howItEnded } from './host-ends.js';
import { loadOrder } from './order.js';
import type { ModuleRecord, Version } from './records.js';
import { describeGoingOn, describeNoCopy, describeWayBack } from './recovery-texts.js';
import { emitOutcome } from './reporter.js';
import { countCrash } from './restart-intensity.js';
import { symbolise } from './symbolise.js';
import { transferBetween } from './transfer.js';
import { compareVersions } from './types-of-both.js';

/**
 * A module crashed inside a guarded call. The host has dealt with it by itself and lives on: here it is told, and the
 * records follow what runs now. Only a module whose variables could not be put back waits to be started again.
 */
export async function recoverModule(context: Context, fault: ModuleFault): Promise<void> {
  const record = context.records.get(fault.module);
  if (fault.passedAgain) {
    tellPassedAgain(context, fault.module, fault.signal);
    return;
  }
  await tellFault(context, fault);
  for (const one of fault.wentBack) accountForWayBack(context, fault, one);
  // A version that has been replaced since then is nobody's concern any more.
  if (record?.running?.generation !== fault.generation) return;
  record.crashes = countCrash(record.crashes, performance.now(), context.config.host.restart).crashes;
  if (fault.stopped) {
    record.stopped = record.running;
    return stop(context, record, 'HM513', `${fault.module} crashed too often (last with ${fault.signal})`);
  }
  if (fault.goesOn) return goOn(context, fault);
  try {
    await startAgain(context, record, { fresh: false });
  } catch (error) {
    // The host went down meanwhile; its own recovery starts every module again.
    if (!(error instanceof HostGone)) throw error;
  }
}

/** The host process ended, and the engine in it saw nothing coming. */
export function tellEmulatorEnd(context: Context, end: HostEnd): void {
  const during = end.module === '' ? '' : ` during ${end.call} of ${end.module}`;
  const happened = `the host process ended with ${end.how}${during}, and the engine in it saw no fault`;
  tellEmulatorFault(context, end, `${happened}. All modules start afresh in a new one; their state is lost`);
}

/** What crashed was tried once more from the same variables, and went well. */
export function tellPassedAgain(context: Context, module: string, signal: string): void {
  tellEmulatorFault(
    context,
    { module },
    `a call of ${module} crashed with ${signal}, and went well when it was made again`,
  );
}

/** @param happened the sentence without its end, to stand behind a colon. */
function tellEmulatorFault(context: Context, where: { readonly module: string }, happened: string): void {
  const count = context.emulatorFaults.count();
  const message = `Fault ${count} of ${context.hostProgram.emulator}: ${happened}.`;
  context.bus.emit({ type: 'emulator:fault', module: where.module, count, code: 'HM584', message });
}

/** The host called it again already. */
function goOn({ bus }: Context, fault: ModuleFault): void {
  const { module, generation, restored } = fault;
  const state = { ...noState, bytes: restored.bytes };
  bus.emit({ type: 'module:restarted', module, generation, message: describeGoingOn(fault), state });
}

/** One of the modules that the host took back: the one that crashed, or one that came in the same commit. */
function accountForWayBack(context: Context, fault: ModuleFault, went: WentBack): void {
  const record = context.records.get(went.module);
  if (record?.running?.generation !== went.from) return;
  const own = went.module === fault.module;
  if (went.generation === 0) {
    const why = own
      ? `crashed with ${fault.signal}`
      : `came with generation ${fault.generation} of ${fault.module}, which crashed`;
    record.stopped = record.running;
    return stop(context, record, 'HM509', `${went.module} ${why}, could not go back to the version before it`);
  }
  if (record.previous?.generation !== went.generation) return;
  const how = own
    ? howItEnded(fault.signal)
    : `came with generation ${fault.generation} of ${fault.module}, which ${howItEnded(fault.signal)}`;
  takeBack(context, record, { code: 'HM509', how, frames: fault.frames, state: describeWayBack(went) });
}

/** Never rejects. */
async function tellFault(context: Context, fault: ModuleFault): Promise<void> {
  const { innermost, ...place } = await symbolise(context, fault);
  const name = innermost.function || fault.function;
  const noCopy = describeNoCopy(fault);
  const where = name === '' ? '' : ` in ${name}`;
  const happened = `${fault.module} crashed with ${fault.signal}${where} during ${fault.call}, after ${fault.frames} frames.`;
  context.bus.emit({
    type: 'host:crash',
    signal: fault.signal,
    module: fault.module,
    generation: fault.generation,
    function: name,
    file: innermost.file,
    line: innermost.line,
    code: 'HM509',
    message: noCopy === '' ? happened : `${happened} ${noCopy}`,
    fatal: false,
    recoveryMs: fault.recoveryMs,
    ...place,
  });
}

/**
 * The host process is gone. Reports which module ended it and how; decides which version of that module is to run
 * from now on. `openHost` and `restartModules` follow.
 */
export async function accountForHost(context: Context, end: HostEnd): Promise<void> {
  const { code, message } = describeHostEnd(end);
  const { innermost, ...place } = await symbolise(context, { ...end, signal: end.how });
  context.bus.emit({
    type: 'host:crash',
    signal: end.how,
    module: end.module,
    generation: end.generation,
    function: innermost.function,
    file: innermost.file,
    line: innermost.line,
    code,
    message: `${message} All modules start afresh in a new one; their state is lost.`,
    fatal: true,
    ...place,
  });
  for (const one of context.records.values()) one.stopped = null;
  const record = context.records.get(end.module);
  if (record?.running?.generation !== end.generation) return;
  const name = record.settings.name;
  const first = end.frames < context.config.host.probationFrames;
  if (onProbation(context, record, end.frames)) {
    takeBack(context, record, { code, how: howItEnded(end.how), frames: end.frames, state: 'from its start' });
  } else if (first) {
    // There is nothing to go back to, and starting it again would only take the others down once more.
    stop(context, record, code, `${name} ${howItEnded(end.how)} in its first frames`);
  } else if (tooOften(context, record)) {
    stop(context, record, 'HM513', `${name} ended the host too often (last time it ${howItEnded(end.how)})`);
  }
}

/** Loads the last good version of every module into a fresh host, providers first. */
export async function restartModules(context: Context): Promise<void> {
  const running = [...context.records.values()].filter((record) => record.running !== null);
  const order = loadOrder(running.map((record) => record.settings));
  for (const { name } of order) {
    const record = context.records.get(name);
    if (record !== undefined) await startAgain(context, record, { fresh: true });
  }
}

interface Crash {
  readonly code: string;
  /** To stand after the name of the version. */
  readonly how: string;
  readonly frames: number;
  /** What the version before it runs again with. */
  readonly state: string;
}

function onProbation(context: Context, record: ModuleRecord, frames: number): boolean {
  return record.previous !== null && frames < context.config.host.probationFrames;
}

function takeBack(context: Context, record: ModuleRecord, crash: Crash): void {
  const bad = record.running;
  record.running = record.previous;
  record.previous = null;
  emitOutcome(context, record, {
    outcome: 'rolledBack',
    generation: bad?.generation ?? 0,
    level: bad?.level ?? 'SAFE',
    code: crash.code,
    message: `Generation ${bad?.generation} ${crash.how} after ${crash.frames} frames; generation ${record.running?.generation} runs again, ${crash.state}.`,
  });
}

function tooOften(context: Context, record: ModuleRecord): boolean {
  const { crashes, tooMany } = countCrash(record.crashes, performance.now(), context.config.host.restart);
  record.crashes = crashes;
  return tooMany;
}

function stop(context: Context, record: ModuleRecord, code: string, why: string): void {
  const bad = record.running;
  record.running = null;
  record.previous = null;
  record.crashes = [];
  emitOutcome(context, record, {
    outcome: 'failed',
    generation: bad?.generation ?? 0,
    level: bad?.level ?? 'SAFE',
    code,
    message: `${why} and was stopped; its next successful build starts it again.`,
  });
}

/**
 * Starts the version that should be running again, from another copy of its library; one that does not even start any
 * more is stopped.
 *
 * @param fresh nothing of its state is left: the process that held it is gone.
 */
async function startAgain(
  context: Context,
  record: ModuleRecord,
  { fresh }: { readonly fresh: boolean },
): Promise<void> {
  const { running } = record;
  if (running === null) return;
  const module = record.settings.name;
  const { generation, library, settings, file } = running;
  const { imports, patches } = file;
  const staged = await context.host.stage({ module, generation, library, entry: settings.entry, imports, patches });
  const transfer = staged.ok && !fresh ? await transferToItself(context, running, staged.facts) : null;
  const plans = transfer === null ? {} : { [module]: transfer.request };
  const replaces = fresh ? {} : { [module]: generation };
  const committed = staged.ok ? await context.host.commit({ modules: [module], plans, replaces }) : staged;
  // The host has taken it back meanwhile, with another one that crashed: that is told next.
  if ('staleBase' in committed && committed.staleBase) return;
  if (committed.ok) {
    const state = stateOf(transfer, committed.modules[0]?.state ?? noState);
    const fate =
      state.bytes > 0
        ? 'with the state it had'
        : `from its start: its state was lost with ${fresh ? 'the host' : 'the crash'}`;
    const message = `Generation ${generation} runs again, ${fate}.`;
    context.bus.emit({ type: 'module:restarted', module, generation, message, state });
    return;
  }
  record.running = null;
  emitOutcome(context, record, {
    outcome: 'failed',
    generation,
    level: running.level,
    code: committed.code,
    message: `${module} could not be started again: ${committed.message}`,
  });
}

/** Whatever the crash left in its variables goes on; pointers that lead nowhere any more become NULL. */
async function transferToItself(context: Context, version: Version, staged: ModuleFacts): Promise<Transfer | null> {
  const both = await compareVersions(context.models, version, version, true);
  return transferBetween(both, version.loaded, staged, true);
}
