import { assess } from '../assess/assess.js';
import type { Assessment } from '../assess/types.js';
import type { RunningJob } from '../reload/queue.js';
import { isAcceptable } from './acceptable.js';
import type { Stopped } from './build-module.js';
import { findStateChanged } from './conflicts/find-conflicts.js';
import { createConflicts, type JobConflicts } from './conflicts/job-conflicts.js';
import type { Context } from './context.js';
import { reasonsAgainst } from './defer.js';
import { inLoadOrder } from './order.js';
import { type Prepared, prepare, type ReadyVersion, sayVerdict } from './prepare.js';
import type { ModuleRecord } from './records.js';
import { createReporter, preciseNow, type Ready } from './reporter.js';
import { heldBackBy, holdBack } from './switch-group.js';
import { switchGroups } from './switch-groups.js';
import { findUnsettled } from './unsettled.js';
import { neededBy, noteWaiting, optionalUsersOf, withHeldBack } from './waiting.js';

export interface UpdateOutcome {
  /** Modules where what was built is no longer what is on disk. */
  readonly unsettled: readonly string[];
  /** Modules whose turn had not come when another one took the host down. */
  readonly interrupted: readonly string[];
  /** Running modules that can use one that has just started. */
  readonly woken: readonly string[];
  /** Modules that are to be switched later, and why not now. */
  readonly deferred: { readonly modules: readonly string[]; readonly reasons: readonly string[] };
}

const nothing: UpdateOutcome = { unsettled: [], interrupted: [], woken: [], deferred: { modules: [], reasons: [] } };

/**
 * One job from source to running code. Modules that run already are switched together or not at all; a module that
 * does not run yet starts by itself, so that a broken one keeps no other from starting.
 */
export async function update(context: Context, job: RunningJob): Promise<UpdateOutcome> {
  const startedAt = preciseNow();
  const records = jobRecords(context, job);
  const accepts = ({ level }: Assessment): boolean => isAcceptable(level, job.acceptUnsafe);
  const { config, builder, bus, engineLibrary, models } = context;
  const conflicts = createConflicts(context, { forced: job.acceptUnsafe, met: job.conflicts });

  const prepared = await prepare({
    changed: records,
    records: context.records,
    config,
    builder,
    engineLibrary,
    models,
    bus,
    signal: job.signal,
    rebuild: job.rebuild,
    force: job.force,
    verdictOnly: false,
    accepts,
    conflicts,
  });
  const superseded = prepared.some((one) => one.kind === 'superseded');
  if (superseded) return nothing;
  const names = records.map((record) => record.settings.name);
  const reasons =
    prepared.some((one) => one.kind === 'ready') && !job.acceptUnsafe ? await reasonsAgainst(context, names) : [];
  if (reasons.length > 0) return { ...nothing, deferred: { modules: names, reasons } };
  if (!(await job.commit()) || context.closing) return nothing;
  if (prepared.some((one, index) => isStale(one, records[index]))) {
    // Somebody went back in the meantime, or a crash did: the verdicts are about versions that run no longer.
    return { ...nothing, interrupted: names };
  }

  const reporter = createReporter(context, job, startedAt, conflicts);
  const ready: Ready[] = [];
  let failedModule = '';
  for (const [index, before] of prepared.entries()) {
    const record = records[index];
    if (record === undefined || before.kind === 'superseded') continue;
    const one = before.kind === 'ready' ? withStateChanges(context, record, before, job, conflicts) : before;
    if (one.kind === 'unchanged') reporter.current(record);
    if (one.kind === 'stopped') {
      reporter.stopped(record, one);
      if (record.running !== null || job.together) failedModule = record.settings.name;
    }
    if (one.kind === 'ready') {
      record.generation += 1;
      ready.push({ ...one, record, generation: record.generation });
    }
  }

  const running = ready.map((one) => one.record).filter((record) => record.running !== null);
  // A new module that one of those that run needs from now on starts with them.
  const needed = neededBy(
    running,
    ready.map((one) => one.record),
  );
  const together = job.together ? ready : ready.filter(({ record }) => record.running !== null || needed.has(record));
  const wereRunning = new Set(running);
  const switchedTogether = new Set(together);
  const groups = ready.filter((one) => !switchedTogether.has(one)).map((one) => [one]);
  if (failedModule === '') groups.unshift(together);
  else if (together.length > 0) holdBack(context, reporter, together, [failedModule], heldBackBy(failedModule));
  const { interrupted, deferred } = await switchGroups(context, reporter, groups, {
    accepts,
    overrule: job.acceptUnsafe,
  });

  noteWaiting(context, records);
  const started = ready
    .filter(({ record }) => record.running !== null && !wereRunning.has(record))
    .map(({ record }) => record.settings.name);
  return {
    unsettled: await findUnsettled(context, prepared, records),
    interrupted,
    woken: optionalUsersOf(context, started),
    deferred: deferred === null ? nothing.deferred : { modules: names, reasons: [deferred] },
  };
}

/** A version that is ready, as it is judged once what happened to the state since its build began is known. */
function withStateChanges(
  { bus }: Context,
  record: ModuleRecord,
  ready: ReadyVersion,
  { since, acceptUnsafe }: RunningJob,
  conflicts: JobConflicts,
): ReadyVersion | Stopped {
  const found = findStateChanged(record, since);
  if (found.length === 0) return ready;
  for (const one of found) conflicts.decide(one);
  const asked = { ...ready.asked, conflicts: conflicts.of(record.settings.name) };
  const assessment = assess(asked);
  if (isAcceptable(assessment.level, acceptUnsafe)) return { ...ready, asked, assessment };
  const { timings, build } = ready;
  const { level, reasons } = assessment;
  sayVerdict(bus, record.settings.name, assessment, timings.assess ?? 0);
  return { kind: 'stopped', outcome: 'refused', level, reasons, timings, build };
}

function isStale(one: Prepared, record: ModuleRecord | undefined): boolean {
  if (record === undefined || one.kind === 'superseded') return false;
  if (one.kind === 'unchanged') return record.running?.hash !== one.build.hash;
  return one.kind === 'ready' && one.replaces !== ((record.running ?? record.stopped)?.generation ?? null);
}

/** The records of the job's modules and of those held back with them, providers first. */
function jobRecords(context: Context, job: RunningJob): readonly ModuleRecord[] {
  const names = withHeldBack(context, job.modules);
  const records = [...context.records.values()].filter((one) => names.has(one.settings.name) && !one.orphaned);
  return inLoadOrder(records, ({ settings }) => settings);
}
