import type { Diagnostic, EventOf, Finding, HotmodEvent, Level, Outcome, Reason } from '../events/events.js';
import { type ModuleState, recentReloads } from './state.js';

/** One module's share of the stream. Events of other kinds leave it as it is (the very same object). */
export function reduceModule(module: ModuleState, event: HotmodEvent): ModuleState {
  switch (event.type) {
    case 'build:start':
      return { ...module, stage: 'building', failure: '', progress: { done: 0, total: 0 }, incoming: [] };
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
    case 'reload:done':
      return reloadDone(module, event);
    case 'host:crash':
      return { ...module, stage: event.fatal ? 'failed' : 'stopped', failure: crashWord(event.signal) };
    case 'module:view':
      return { ...module, view: event.text };
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
    case 'reload:done':
    case 'host:crash':
    case 'module:view':
      return event.module;
    default:
      return '';
  }
}

/** A superseded build says nothing about the source that is on disk now, so its messages are dropped. */
function buildDone(module: ModuleState, event: EventOf<'build:done'>): ModuleState {
  if (event.superseded) return { ...module, stage: 'waiting', incoming: [] };
  const built = { ...module, diagnostics: module.incoming, incoming: [] };
  if (event.ok) return { ...built, stage: 'validating' };
  return { ...built, stage: 'failed', failure: 'build failed' };
}

function reloadDone(module: ModuleState, event: EventOf<'reload:done'>): ModuleState {
  const common = {
    ...module,
    outcome: event.outcome,
    reasons: event.outcome === 'buildFailed' ? [] : withAdvice(event.reasons, event.level, module.reasons),
  };
  if (event.outcome !== 'loaded' && event.outcome !== 'reloaded') {
    const level = event.outcome === 'buildFailed' ? module.level : event.level;
    return { ...common, level, stage: 'failed', failure: failureWord(event.outcome), generation: event.from };
  }
  const recent = event.outcome === 'reloaded' ? [...module.recent, event.timings].slice(-recentReloads) : module.recent;
  return {
    ...common,
    stage: 'running',
    failure: '',
    level: event.level,
    generation: event.generation,
    version: event.moduleVersion,
    timings: event.timings,
    state: event.state,
    recent,
  };
}

/** The outcome repeats what decided it; the verdict before it knew the place and the way out as well. */
function withAdvice(decisive: readonly Finding[], level: Level, verdict: readonly Reason[]): readonly Reason[] {
  if (decisive.length === 0) return [];
  return decisive.map(
    ({ code, message }) =>
      verdict.find((reason) => reason.code === code && reason.message === message) ?? {
        level,
        code,
        message,
        recommendation: '',
        where: '',
      },
  );
}

function failed(module: ModuleState, failure: string, findings: readonly Finding[]): ModuleState {
  return { ...module, stage: 'failed', failure, reasons: withAdvice(findings, 'BLOCKED', []) };
}

function diagnosticOf(event: EventOf<'build:diagnostic'>): Diagnostic {
  const { file, line, column, severity, message, code, notes, rendered } = event;
  return { file, line, column, severity, message, code, notes, rendered };
}

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
