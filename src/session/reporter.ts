import type { Assessment } from '../assess/types.js';
import { findCode } from '../codes/index.js';
import type {
  DecidedConflict,
  Finding,
  Level,
  Outcome,
  SessionEvent,
  StateSummary,
  Timings,
} from '../events/events.js';
import type { RunningJob } from '../reload/queue.js';
import { noState, type Switched } from '../reload/transact.js';
import type { JobConflicts } from './conflicts/job-conflicts.js';
import type { Context } from './context.js';
import type { Prepared } from './prepare.js';
import type { ModuleRecord, Version } from './records.js';

/** A module whose new version passed every check that only reads files. */
export type Ready = Extract<Prepared, { readonly kind: 'ready' }> & {
  readonly record: ModuleRecord;
  readonly generation: number;
};

export type Reporter = ReturnType<typeof createReporter>;

/** Milliseconds since the epoch with a fraction, so that a phase of less than a millisecond can be told. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

/** A save longer ago than this did not lead to the job: it was there before, or the clock jumped. */
const oldestSaveMs = 10_000;

/** Turns the results of one job into `reload:done` events and into what the records hold. */
export function createReporter(context: Context, job: RunningJob, startedAt: number, conflicts: JobConflicts) {
  const age = startedAt - job.savedAt;
  const saved = job.savedAt > 0 && age < oldestSaveMs ? Math.min(job.savedAt, startedAt) : null;

  const finish = (timings: Timings): { readonly durationMs: number; readonly timings: Timings } => {
    const end = preciseNow();
    const detect = saved === null ? {} : { detect: startedAt - saved };
    return { durationMs: end - startedAt, timings: { ...detect, ...timings, total: end - (saved ?? startedAt) } };
  };

  /** What stood in the way of a module that stays as it is, and is asked again where nobody has answered. */
  const conflictsOf = (record: ModuleRecord): readonly DecidedConflict[] => {
    record.asked = conflicts.open(record.settings.name);
    return conflicts.of(record.settings.name);
  };

  const notSwitched = (ready: Ready, transaction: string, result: NotSwitched): void => {
    const { record, generation } = ready;
    // Nothing ran before, so there is nothing to go back to.
    const outcome = result.outcome === 'rolledBack' && record.running === null ? 'failed' : result.outcome;
    const { level, reasons, loadMs, pauseMs } = result;
    const times = finish({ ...ready.timings, load: loadMs, pause: pauseMs });
    const about = { outcome, level, reasons, generation, transaction, conflicts: conflictsOf(record), ...times };
    emitStanding(context, record, about);
  };

  return {
    stopped(record: ModuleRecord, one: Extract<Prepared, { readonly kind: 'stopped' }>): void {
      const { outcome, level, reasons, timings } = one;
      const generation = record.running?.generation ?? 0;
      const about = { outcome, level, reasons, generation, transaction: '', conflicts: conflictsOf(record) };
      emitStanding(context, record, { ...about, ...finish(timings) });
    },
    switched(ready: Ready, transaction: string, one: Switched, pauseMs: number): void {
      const { record, generation, build, file, pinned } = ready;
      const { library, hash } = build;
      emitSwitched(context, record, {
        version: {
          generation,
          library,
          hash,
          file,
          loaded: one.facts,
          level: one.assessment.level,
          settings: record.settings,
          restores: pinned?.generation ?? 0,
        },
        assessment: one.assessment,
        state: one.state,
        transaction,
        sourceNewer: pinned !== null,
        conflicts: conflicts.of(record.settings.name),
        ...finish({ ...ready.timings, load: one.loadMs, pause: pauseMs }),
      });
    },
    current(record: ModuleRecord): void {
      record.heldWith = new Set();
      record.asked = [];
      const { running, settings } = record;
      if (running === null) return;
      // Another version may be stated of the same library.
      record.running = { ...running, settings: { ...running.settings, version: settings.version } };
      context.bus.emit({
        type: 'module:current',
        module: settings.name,
        generation: running.generation,
        level: running.level,
        moduleVersion: running.loaded?.version || settings.version,
      });
    },
    notSwitched,
    hostGone(ready: Ready, transaction: string, reason: Finding): void {
      const { level } = ready.assessment;
      notSwitched(ready, transaction, { outcome: 'rolledBack', level, reasons: [reason], loadMs: 0, pauseMs: 0 });
    },
  };
}

export interface NotSwitched {
  readonly outcome: Extract<Outcome, 'failed' | 'refused' | 'rolledBack'>;
  readonly level: Level;
  readonly reasons: readonly Finding[];
  readonly loadMs: number;
  readonly pauseMs: number;
}

/** A new version runs: notes it, and the one before it, and says so. */
export function emitSwitched(
  context: Context,
  record: ModuleRecord,
  about: {
    readonly version: Version;
    readonly assessment: Assessment;
    readonly state: StateSummary;
    readonly transaction: string;
    /** The source would give something else. */
    readonly sourceNewer: boolean;
    readonly conflicts: readonly DecidedConflict[];
    readonly durationMs: number;
    readonly timings: Timings;
  },
): void {
  const { version, assessment, state, transaction, sourceNewer, conflicts, durationMs, timings } = about;
  const from = record.running?.generation ?? 0;
  record.previous = record.running;
  record.running = version;
  record.stopped = null;
  record.staleRounds = 0;
  record.cameWith = from === 0 ? null : { transaction: Number(transaction.slice(1)), generation: version.generation };
  record.touches = [];
  record.asked = [];
  record.heldWith = new Set();
  context.deferredSince.delete(record.settings.name);
  // The next edit is compared with it: read before, that edit need not wait.
  context.models.expect(version.library);
  sayOutcome(context, {
    type: 'reload:done',
    module: record.settings.name,
    outcome: from === 0 ? 'loaded' : 'reloaded',
    level: assessment.level,
    generation: version.generation,
    from,
    restores: version.restores,
    sourceNewer,
    conflicts,
    transaction,
    moduleVersion: version.loaded?.version || record.settings.version,
    reasons: assessment.reasons,
    durationMs,
    timings,
    state,
  });
}

/** What was said must be in the journal, whatever happens next: so it is written first. */
function sayOutcome(context: Context, event: Extract<SessionEvent, { readonly type: 'reload:done' }>): void {
  const labelled = context.hostProgram.emulator === '' ? event : { ...event, emulated: true };
  context.history.outcome(labelled, () => context.bus.emit(labelled));
}

/** What ran before goes on (or nothing runs): says why. */
export function emitStanding(
  context: Context,
  record: ModuleRecord,
  about: {
    readonly outcome: Outcome;
    readonly level: Level;
    readonly generation: number;
    readonly transaction: string;
    readonly reasons: readonly Finding[];
    readonly conflicts: readonly DecidedConflict[];
    readonly durationMs: number;
    readonly timings: Timings;
  },
): void {
  sayOutcome(context, {
    type: 'reload:done',
    module: record.settings.name,
    ...about,
    reasons: about.reasons.map(withAdvice),
    from: record.running?.generation ?? 0,
    moduleVersion: record.running?.loaded?.version || record.settings.version,
    state: noState,
  });
}

/** What ran before goes on (or nothing runs), for one reason that no job timed. */
export function emitOutcome(
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
    conflicts: [],
    durationMs: 0,
    timings: {},
  });
}

/** A reason of a verdict brings its own advice, which fits better than what holds for every case of the code. */
function withAdvice(reason: Finding): Finding {
  return reason.recommendation === undefined
    ? { ...reason, recommendation: findCode(reason.code)?.remedy ?? '' }
    : reason;
}
