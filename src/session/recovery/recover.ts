import type { CrashAction } from '../../config/resolved.js';
import { type HostEnd, HostGone, type ModuleFacts, type ModuleFault, type WentBack } from '../../host/host.js';
import { noState, stateOf, type Transfer } from '../../reload/transact.js';
import type { Context } from '../context.js';
import { leaveOut } from '../leave-out.js';
import { type ModuleRecord, stageRequest, type Version } from '../records.js';
import { transferBetween } from '../transfer.js';
import { compareVersions } from '../types-of-both.js';
import { crashReportOf, whoSays } from './crash-report.js';
import { howItEnded } from './host-ends.js';
import { countCrash } from './restart-intensity.js';
import { stop, takeBack } from './stand-down.js';
import { type Symbolised, symbolise } from './symbolise.js';
import { describeGoingOn, describeNoCopy, describeWayBack } from './texts.js';

/** Ends the host and starts all modules in another; `because` as in `startAgain`. */
export type RenewHost = (because: string) => Promise<void>;

/** The host that a fault came from. */
interface FaultyHost {
  /** False where another one has taken its place, with all modules started again. */
  isCurrent(): boolean;
  readonly renewHost: RenewHost;
}

/**
 * A module crashed inside a guarded call. The host has dealt with it by itself and lives on: here it is told, and the
 * records follow what runs now. Only a module whose variables could not be put back waits to be started again.
 */
export async function recoverModule(context: Context, fault: ModuleFault, host: FaultyHost): Promise<void> {
  if (fault.passedAgain) {
    tellPassedAgain(context, fault.module, fault.signal);
    return;
  }
  const heardAt = performance.now();
  const { module, generation, recoveryMs } = fault;
  const place = await tellFault(context, fault);
  const report = crashReportOf(fault, place);
  const chosen = await context.recoveries.crashed(report);
  const isCurrent = host.isCurrent();
  for (const one of isCurrent ? fault.wentBack : []) accountForWayBack(context, fault, one);
  const record = context.records.get(module);
  const action = chosen ?? report.action;
  let hostGone = false;
  // A version that has been replaced since then is nobody's concern any more.
  if (isCurrent && record?.running?.generation === generation) {
    try {
      await carryOut(context, record, fault, { action, chosen: chosen !== null, renewHost: host.renewHost });
    } catch (error) {
      // The host went down meanwhile; its own recovery starts every module again.
      if (!(error instanceof HostGone)) throw error;
      hostGone = true;
    }
  }
  const tried = fault.stopped ? isTooOften(context, fault) : action !== 'stop';
  const waited = report.choices.length === 0 ? 0 : performance.now() - heardAt;
  const runs = record?.running?.generation ?? 0;
  context.recoveries.dealtWith(
    { module, crashed: generation, generation: runs, errorClass: fault.class, action, recoveryMs: recoveryMs + waited },
    { recovered: runs > 0 && !hostGone, tried },
  );
}

/** What is left to be done about a module that crashed, by its policy or by what `onCrash` chose. */
async function carryOut(
  context: Context,
  record: ModuleRecord,
  fault: ModuleFault,
  {
    action,
    chosen,
    renewHost,
  }: { readonly action: CrashAction; readonly chosen: boolean; readonly renewHost: RenewHost },
): Promise<void> {
  const { module, signal } = fault;
  const { crashes, tooMany } = countCrash(record.crashes, performance.now(), context.config.host.restart);
  record.crashes = crashes;
  const tooOften = (): void => {
    record.stopped = record.running;
    stop(context, record, 'HM513', `${module} crashed too often (last with ${signal})`);
  };
  if (fault.stopped && isTooOften(context, fault)) return tooOften();
  if (fault.goesOn) return goOn(context, fault);
  const why = whoSays(fault.class, chosen);
  switch (action) {
    case 'stop':
      record.stopped = record.running;
      return stop(context, record, 'HM535', `${module} crashed with ${signal}, for which ${why} "stop",`);
    case 'restartHost':
      // The engine of the new process knows of no crash before it.
      if (tooMany) return tooOften();
      for (const one of context.records.values()) one.stopped = null;
      return renewHost(`${why} "restartHost"`);
    case 'restartModule':
      return startAgain(context, record, `${why} "restartModule"`);
    default:
      return startAgain(context, record);
  }
}

/** Otherwise it was stopped because its policy says so. */
function isTooOften({ config }: Context, { stopped, class: errorClass }: ModuleFault): boolean {
  return stopped && config.recovery.policy[errorClass] !== 'stop';
}

/** The host process ended, and the engine in it saw nothing coming. */
export function tellEmulatorEnd(context: Context, end: HostEnd): void {
  const during = end.module === '' ? '' : ` during ${end.call} of ${end.module}`;
  const happened = `the host process ended with ${end.how}${during}, and the engine in it saw no fault`;
  tellEmulatorFault(context, end, `${happened}. A new one takes over`);
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
async function tellFault(context: Context, fault: ModuleFault): Promise<Symbolised> {
  const symbolised = await symbolise(context, fault);
  const { innermost, ...place } = symbolised;
  const name = innermost.function || fault.function;
  const noCopy = describeNoCopy(fault);
  const where = name === '' ? '' : ` in ${name}`;
  const full = fault.class === 'stackOverflow' ? ' (stack overflow)' : '';
  const happened = `${fault.module} crashed with ${fault.signal}${full}${where} during ${fault.call}, after ${fault.frames} frames.`;
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
  return symbolised;
}

/**
 * Starts the version that should be running again, from another copy of its library; one that does not even start any
 * more is stopped.
 *
 * @param because who wants it from its start, to stand after "because"; empty where nobody does.
 */
async function startAgain(context: Context, record: ModuleRecord, because = ''): Promise<void> {
  const { running } = record;
  if (running === null) return;
  const module = record.settings.name;
  const { generation } = running;
  const staged = await context.host.stage(stageRequest(module, running));
  const transfer = staged.ok && because === '' ? await transferToItself(context, running, staged.facts) : null;
  const plans = transfer === null ? {} : { [module]: transfer.request };
  const replaces = { [module]: generation };
  const request = { modules: [module], plans, replaces, afresh: because !== '' };
  const committed = staged.ok ? await context.host.commit(request) : staged;
  // The host has taken it back meanwhile, with another one that crashed: that is told next.
  if ('staleBase' in committed && committed.staleBase) return;
  if (committed.ok) {
    const state = stateOf(transfer, committed.modules[0]?.state ?? noState);
    const lost = because === '' ? ': its state was lost with the crash' : `, because ${because}`;
    const fate = state.bytes > 0 ? 'with the state it had' : `from its start${lost}`;
    const message = `Generation ${generation} runs again, ${fate}.`;
    context.bus.emit({ type: 'module:restarted', module, generation, message, state });
    return;
  }
  leaveOut(context, record, committed);
}

/** Whatever the crash left in its variables goes on; pointers that lead nowhere any more become NULL. */
async function transferToItself(context: Context, version: Version, staged: ModuleFacts): Promise<Transfer | null> {
  const both = await compareVersions(context.models, version, version, true);
  return transferBetween(both, version.loaded, staged, true);
}
