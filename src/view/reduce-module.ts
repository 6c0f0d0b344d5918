import type {
  CrashPlace,
  DecidedConflict,
  Diagnostic,
  EventOf,
  Finding,
  HotmodEvent,
  Level,
  Outcome,
  Reason,
} from '../events/events.js';
import { type ModuleState, recentReloads } from './state.js';

/** One module's share of the stream. Events of other kinds leave it as it is (the very same object). */
export function reduceModule(module: ModuleState, event: HotmodEvent): ModuleState {
  switch (event.type) {
    case 'build:start':
      return {
        ...module,
        stage: 'building',
        failure: '',
        progress: { done: 0, total: 0 },
        incoming: [],
        conflicts: module.conflicts.filter((one) => one.kind === 'editDuringTransaction'),
      };
    case 'build:progress':
      return { ...module, progress: { done: event.done, total: event.total } };
    case 'build:diagnostic':
      return { ...module, incoming: [...module.incoming, diagnosticOf(event)] };
    case 'build:done':
      return buildDone(module, event);
    case 'validate:done':
      return event.ok ? { ...module, stage: 'assessing' } : failed(module, 'not loadable', event.findings);
    case 'assess:done':
      return { ...module, stage: 'reloading', level: event.level, reasons: event.reasons };
    case 'conflict':
      return {
        ...module,
        conflicts: [...module.conflicts.filter((one) => one.text !== event.text), conflictOf(event)],
      };
    case 'reload:deferred':
      return { ...module, stage: 'deferred', failure: '', deferredBy: event.reasons };
    case 'reload:done':
      return reloadDone(module, event);
    case 'module:current':
      return current(module, event);
    case 'module:restarted':
      return restarted(module, event);
    case 'recovery:done':
      return { ...module, recovery: event.counts };
    case 'image:kept': {
      const { generation, code, message } = event;
      return { ...module, kept: [...keptWithout(module, generation), { generation, code, message }] };
    }
    case 'image:closed':
      return { ...module, kept: keptWithout(module, event.generation) };
    case 'module:pinned':
      return { ...module, pinned: event.generation };
    case 'module:unpinned':
      return { ...module, pinned: 0 };
    case 'host:crash':
      return {
        ...module,
        stage: event.fatal ? 'failed' : 'stopped',
        failure: crashWord(event.signal),
        crash: event.stack.length === 0 ? null : crashAt(event.generation, event),
      };
    case 'target:judged':
      return { ...module, targets: { ...module.targets, [event.target]: targetVerdict(event) } };
    case 'module:view':
      return { ...module, view: event.text };
    case 'module:state':
      return {
        ...module,
        live: { values: event.values, changed: new Set(event.changed), problem: event.problem ?? '' },
      };
    default:
      return module;
  }
}

/** The module an event changes; empty where it changes none (output of a module is no change of it). */
export function moduleOf(event: HotmodEvent): string {
  switch (event.type) {
    case 'build:start':
    case 'build:progress':
    case 'build:diagnostic':
    case 'build:done':
    case 'validate:done':
    case 'assess:done':
    case 'conflict':
    case 'reload:deferred':
    case 'reload:done':
    case 'module:current':
    case 'module:restarted':
    case 'recovery:done':
    case 'module:pinned':
    case 'module:unpinned':
    case 'image:kept':
    case 'image:closed':
    case 'host:crash':
    case 'target:judged':
    case 'module:view':
    case 'module:state':
      return event.module;
    default:
      return '';
  }
}

function keptWithout(module: ModuleState, generation: number): ModuleState['kept'] {
  return module.kept.filter((one) => one.generation !== generation);
}

/** A superseded build says nothing about the source that is on disk now, so its messages are dropped. */
function buildDone(module: ModuleState, event: EventOf<'build:done'>): ModuleState {
  if (event.superseded) return { ...module, stage: 'waiting', incoming: [] };
  const built = { ...module, diagnostics: module.incoming, incoming: [] };
  if (event.ok) return { ...built, stage: 'validating' };
  return { ...built, stage: 'failed', failure: 'build failed' };
}

function reloadDone(module: ModuleState, event: EventOf<'reload:done'>): ModuleState {
  const good = event.outcome === 'loaded' || event.outcome === 'reloaded';
  const common = {
    ...module,
    outcome: event.outcome,
    conflicts: event.conflicts ?? [],
    reasons:
      event.outcome === 'buildFailed'
        ? []
        : withAdvice(event.reasons, good ? event.level : worseOf(event.level), module.reasons),
  };
  if (!good) {
    // A build that failed has no verdict, so the one of the version that runs stands.
    const level = event.outcome === 'buildFailed' ? module.runningLevel : event.level;
    return {
      ...common,
      level,
      stage: 'failed',
      failure: event.reasons[0]?.code === heldByPin ? 'held by its pin' : failureWord(event.outcome),
      // A version that had been switched to and was taken back leaves what ran before it.
      older: event.generation === module.generation && event.from !== module.generation ? 0 : module.older,
      generation: event.from,
      transaction: event.from === module.generation ? module.transaction : '',
      view: event.from > 0 ? module.view : '',
      crash: crashOf(event) ?? module.crash,
    };
  }
  const recent = event.outcome === 'reloaded' ? [...module.recent, event.timings].slice(-recentReloads) : module.recent;
  return {
    ...common,
    stage: 'running',
    failure: '',
    level: event.level,
    runningLevel: event.level,
    generation: event.generation,
    transaction: event.outcome === 'reloaded' ? event.transaction : '',
    older: event.sourceNewer === true ? (event.restores ?? 0) : 0,
    version: event.moduleVersion,
    timings: event.timings,
    state: event.state,
    recent,
    crash: (module.crash?.generation ?? 0) >= event.generation ? module.crash : null,
  };
}

/** A step of the reload itself crashed. */
function crashOf({ generation, reasons }: EventOf<'reload:done'>): ModuleState['crash'] {
  const crash = reasons.find((reason) => reason.crash !== undefined)?.crash;
  return crash === undefined ? null : crashAt(generation, crash);
}

function targetVerdict({
  outcome,
  level,
  reasons,
  differences,
}: EventOf<'target:judged'>): ModuleState['targets'][string] {
  // What a compiler says of a missing system makes sense with hotmod's explanation behind it alone.
  const shown = outcome === 'buildFailed' ? reasons.slice(0, 2) : reasons.slice(0, 1);
  const why = outcome === 'good' && level === 'SAFE' ? [] : shown.map(({ code, message }) => `${code} ${message}`);
  const failed = outcome === 'buildFailed' ? 'build failed' : 'refused';
  const parts = [...(outcome === 'good' ? [] : [failed]), ...why, ...differences];
  return { good: outcome === 'good', text: parts.join('; '), level };
}

function crashAt(generation: number, { stack, leftOut, registers, vectors = {} }: CrashPlace): ModuleState['crash'] {
  return { generation, stack, leftOut, registers, vectors };
}

/** What runs is what the source gives, so whatever a version in between was refused for is over. */
function current(module: ModuleState, event: EventOf<'module:current'>): ModuleState {
  const { generation, level, moduleVersion } = event;
  const reasons = module.outcome === 'loaded' || module.outcome === 'reloaded' ? module.reasons : [];
  return {
    ...module,
    stage: 'running',
    failure: '',
    level,
    runningLevel: level,
    outcome: 'reloaded',
    conflicts: [],
    reasons,
    generation,
    older: 0,
    version: moduleVersion,
  };
}

/** It runs again; where its source is something that was turned down, that stays to be seen. */
function restarted(module: ModuleState, event: EventOf<'module:restarted'>): ModuleState {
  const good = module.outcome === 'loaded' || module.outcome === 'reloaded' || module.outcome === null;
  const { generation } = event;
  if (good) return { ...module, stage: 'running', failure: '', generation };
  return { ...module, stage: 'failed', failure: failureWord(module.outcome), generation };
}

/** A verdict may have been fine where a later step failed; that step's reason is never shown as fine. */
function worseOf(level: Level): Level {
  return level === 'SAFE' || level === 'WARNING' ? 'UNSAFE' : level;
}

/** The outcome repeats what decided it; the verdict before it knew the place and the way out as well. */
function withAdvice(decisive: readonly Finding[], level: Level, verdict: readonly Reason[]): readonly Reason[] {
  if (decisive.length === 0) return [];
  return decisive.map(
    ({ code, message, recommendation = '' }) =>
      verdict.find((reason) => reason.code === code && reason.message === message) ?? {
        level,
        code,
        message,
        recommendation,
        where: '',
      },
  );
}

function failed(module: ModuleState, failure: string, findings: readonly Finding[]): ModuleState {
  return { ...module, stage: 'failed', failure, reasons: withAdvice(findings, 'BLOCKED', []) };
}

function conflictOf({ kind, strategy, decidedBy, code, text }: EventOf<'conflict'>): DecidedConflict {
  return { kind, strategy, decidedBy, code, text };
}

function diagnosticOf(event: EventOf<'build:diagnostic'>): Diagnostic {
  const { file, line, column, severity, message, code, notes, rendered } = event;
  return { file, line, column, severity, message, code, notes, rendered };
}

/** The new version was judged, and waits: nothing is wrong with it. */
const heldByPin = 'HM565';

export function failureWord(outcome: Outcome): string {
  switch (outcome) {
    case 'buildFailed':
      return 'build failed';
    case 'rolledBack':
      return 'rolled back';
    default:
      return outcome;
  }
}

export function crashWord(signal: string): string {
  if (signal === 'hang') return 'hung';
  return signal === 'exit' ? 'called exit' : 'crashed';
}
