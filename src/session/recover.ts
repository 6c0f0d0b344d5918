import type { Level } from '../events/events.js';
import { type HostEnd, HostGone, type ModuleFault } from '../host/host.js';
import type { Context } from './context.js';
import { loadOrder } from './order.js';
import type { ModuleRecord } from './records.js';
import { emitStanding } from './reporter.js';
import { countCrash } from './restart-intensity.js';

/**
 * A module crashed inside a guarded call; the host took it out of the frame loop and lives on. A version that is
 * still on probation is taken back to the one before it; any other starts again, until it crashes too often.
 */
export async function recoverModule(context: Context, fault: ModuleFault): Promise<void> {
  const record = context.records.get(fault.module);
  const place = fault.function === '' ? '' : ` in ${fault.function}`;
  context.bus.emit({
    type: 'host:crash',
    signal: fault.signal,
    module: fault.module,
    generation: fault.generation,
    function: fault.function,
    file: '',
    line: 0,
    code: 'HM509',
    message: `${fault.module} crashed with ${fault.signal}${place} during ${fault.call}, after ${fault.frames} frames.`,
    fatal: false,
  });
  // A version that has been replaced since then is nobody's concern any more.
  if (record?.running?.generation !== fault.generation) return;
  const crash = { code: 'HM509', signal: fault.signal, frames: fault.frames };
  try {
    if (onProbation(context, record, fault.frames)) {
      const reverted = await context.host.revert(fault.module);
      if (reverted.ok) return takeBack(context, record, crash);
    }
    if (tooOften(context, record)) return stop(context, record, crash);
    await startAgain(context, record);
  } catch (error) {
    // The host went down meanwhile; its own recovery starts every module again.
    if (!(error instanceof HostGone)) throw error;
  }
}

/**
 * The host process is gone. Reports which module ended it and how; decides which version of that module is to run
 * from now on. `openHost` and `restartModules` follow.
 */
export function accountForHost(context: Context, end: HostEnd): void {
  const code = end.how === 'hang' ? 'HM511' : end.how === 'exit' ? 'HM510' : 'HM512';
  context.bus.emit({
    type: 'host:crash',
    signal: end.how,
    module: end.module,
    generation: end.generation,
    function: '',
    file: '',
    line: 0,
    code,
    message: describeEnd(end),
    fatal: true,
  });
  const record = context.records.get(end.module);
  if (record?.running?.generation !== end.generation) return;
  const crash = { code, signal: end.how, frames: end.frames };
  if (onProbation(context, record, end.frames)) takeBack(context, record, crash);
  else if (tooOften(context, record)) stop(context, record, crash);
}

/** Loads the last good version of every module into a fresh host, providers first. */
export async function restartModules(context: Context): Promise<void> {
  const running = [...context.records.values()].filter((record) => record.running !== null);
  const order = loadOrder(running.map((record) => record.settings));
  for (const { name } of order) {
    const record = context.records.get(name);
    if (record !== undefined) await startAgain(context, record);
  }
}

interface Crash {
  readonly code: string;
  readonly signal: string;
  readonly frames: number;
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
    message: `Generation ${bad?.generation} did not survive its first frames (${crash.signal} after ${crash.frames}); generation ${record.running?.generation} runs again.`,
  });
}

function tooOften(context: Context, record: ModuleRecord): boolean {
  const { crashes, tooMany } = countCrash(record.crashes, performance.now(), context.config.host.restart);
  record.crashes = crashes;
  return tooMany;
}

function stop(context: Context, record: ModuleRecord, crash: Crash): void {
  const bad = record.running;
  record.running = null;
  record.previous = null;
  record.crashes = [];
  emitOutcome(context, record, {
    outcome: 'failed',
    generation: bad?.generation ?? 0,
    level: bad?.level ?? 'SAFE',
    code: 'HM513',
    message: `${record.settings.name} crashed too often (last with ${crash.signal}) and was stopped; its next successful build starts it again.`,
  });
}

/** Starts the version that should be running afresh; one that does not even start any more is stopped. */
async function startAgain(context: Context, record: ModuleRecord): Promise<void> {
  const { running } = record;
  if (running === null) return;
  const module = record.settings.name;
  const { generation, library } = running;
  const staged = await context.host.stage({ module, generation, library, entry: running.settings.entry });
  const committed = staged.ok ? await context.host.commit({ modules: [module] }) : staged;
  if (committed.ok) return;
  record.running = null;
  emitOutcome(context, record, {
    outcome: 'failed',
    generation,
    level: running.level,
    code: committed.code,
    message: `${module} could not be started again: ${committed.message}`,
  });
}

function emitOutcome(
  context: Context,
  record: ModuleRecord,
  about: {
    readonly outcome: 'rolledBack' | 'failed';
    readonly generation: number;
    readonly level: Level;
    readonly code: string;
    readonly message: string;
  },
): void {
  const { outcome, generation, level, code, message } = about;
  const reasons = [{ code, message }];
  emitStanding(context, record, {
    outcome,
    level,
    reasons,
    generation,
    transaction: '',
    durationMs: 0,
    timings: {},
  });
}

function describeEnd(end: HostEnd): string {
  const who = end.module === '' ? 'outside any call of a module' : `in ${end.call || 'a call'} of ${end.module}`;
  switch (end.how) {
    case 'exit':
      return `${end.module || 'A module'} ended the program by calling exit() ${who}.`;
    case 'hang':
      return `The call did not return ${who}, so the host was ended.`;
    default:
      return `The host ended with ${end.how} ${who}.`;
  }
}
