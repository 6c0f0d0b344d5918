import { assess } from '../assess/assess.js';
import type { Assessment } from '../assess/types.js';
import type { Finding } from '../events/events.js';
import { HostGone } from '../host/host.js';
import type { RunningJob } from '../reload/queue.js';
import { type TransactionResult, transact } from '../reload/transact.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { reasonsAgainst } from './defer.js';
import { plannedGeneration } from './history.js';
import { describeHostEnd } from './host-ends.js';
import { inLoadOrder } from './order.js';
import { type Prepared, prepare, sayVerdict } from './prepare.js';
import { type ModuleRecord, runningFacts } from './records.js';
import { createReporter, preciseNow, type Ready, type Reporter } from './reporter.js';
import { readFindings, transferBetween } from './transfer.js';
import { missingProvider, neededBy, noteWaiting, optionalUsersOf, waitsFor, withHeldBack } from './waiting.js';
import { wayBackOf } from './way-back.js';

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

  const reporter = createReporter(context, job, startedAt);
  const ready: Ready[] = [];
  let failedModule = '';
  for (const [index, one] of prepared.entries()) {
    const record = records[index];
    if (record === undefined || one.kind === 'superseded') continue;
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
  const groups = ready.filter((one) => !together.includes(one)).map((one) => [one]);
  if (failedModule === '') groups.unshift(together);
  else if (together.length > 0) holdBack(context, reporter, together, [failedModule], heldBackBy(failedModule));
  const interrupted: string[] = [];
  let fate: Fate = 'decided';
  let deferred = nothing.deferred;
  for (const group of groups) {
    if (startsLater(context, reporter, group)) continue;
    if (fate === 'decided') fate = await switchGroup(context, reporter, group, { accepts, overrule: job.acceptUnsafe });
    else fate = 'interrupted';
    if (typeof fate === 'object') {
      deferred = { modules: names, reasons: [fate.deferred] };
      fate = 'decided';
    }
    if (fate === 'interrupted') interrupted.push(...group.map((one) => one.record.settings.name));
  }

  noteWaiting(context, records);
  const started = ready
    .filter(({ record }) => record.running !== null && !wereRunning.has(record))
    .map(({ record }) => record.settings.name);
  return {
    unsettled: await findUnsettled(context, prepared, records),
    interrupted,
    woken: optionalUsersOf(context, started),
    deferred,
  };
}

/** A module by itself whose provider was to start before it, and did not. */
function startsLater(context: Context, reporter: Reporter, group: readonly Ready[]): boolean {
  const [one] = group;
  if (one === undefined || group.length > 1 || one.record.running !== null) return false;
  const provider = missingProvider(context, one.record);
  if (provider === null) return false;
  holdBack(context, reporter, group, [provider], waitsFor(provider));
  return true;
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

/**
 * What became of a group: an outcome was emitted for each; or one of them took the host down; or a module outside it
 * did, so that there is no outcome yet; or one of them may not be replaced now.
 */
type Fate = 'decided' | 'hostGone' | 'interrupted' | { readonly deferred: string };

/** The engine's answer where a module does not want to be replaced, and began to want that only now. */
const criticalCode = 'HM570';

/** What the request allows: which verdicts, and whether the version that runs has a say. */
interface Terms {
  readonly accepts: (assessment: Assessment) => boolean;
  readonly overrule: boolean;
}

async function switchGroup(context: Context, reporter: Reporter, group: readonly Ready[], terms: Terms): Promise<Fate> {
  if (group.length === 0) return 'decided';
  context.transactions += 1;
  const transaction = `t${context.transactions}`;
  const names = new Set(group.map((one) => one.record.settings.name));
  const find = (module: string): Ready | undefined => group.find((one) => one.record.settings.name === module);

  context.history.begin(
    transaction,
    group.map((one) => plannedGeneration(context.config, one)),
  );
  let result: TransactionResult;
  try {
    result = await transact({
      host: context.host,
      ...terms,
      decided: () => context.history.decided(transaction),
      candidates: group.map(({ record, generation, build, file, assessment, replaces }) => ({
        module: record.settings.name,
        generation,
        library: build.library,
        entry: record.settings.entry,
        imports: file.imports,
        patches: file.patches,
        assessment,
        replaces,
      })),
      transferOf: (candidate, facts) => {
        const one = find(candidate.module);
        return one === undefined ? null : transferBetween(one.both, runningFacts(one.record), facts, terms.overrule);
      },
      returnOf: (candidate, facts) => {
        const one = find(candidate.module);
        return one === undefined ? null : wayBackOf(one.both, runningFacts(one.record), facts);
      },
      confirm: (candidate, facts, found) => {
        const one = find(candidate.module);
        if (one === undefined) return candidate.assessment;
        return assess({ ...one.asked, staged: { facts, findings: readFindings(one.both, found) } });
      },
    });
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    const end = await context.host.ended;
    const culprit = find(end.module);
    if (culprit === undefined && end.module !== '') return 'interrupted';
    for (const one of group) {
      sayVerdictOf(context, one, one.assessment);
      const blamed = culprit === undefined || one === culprit;
      reporter.hostGone(one, transaction, blamed ? describeHostEnd(end) : heldBackBy(end.module));
      if (group.length > 1) one.record.heldWith = names;
    }
    return 'hostGone';
  }

  if (result.outcome === 'stale') return staleFate(group, reporter, transaction, result.reasons);
  if (result.outcome === 'switched') {
    for (const one of result.modules) {
      const ready = find(one.module);
      if (ready === undefined) continue;
      sayVerdictOf(context, ready, one.assessment);
      reporter.switched(ready, transaction, one, result.pauseMs);
    }
    return 'decided';
  }
  const [reason] = result.reasons;
  if (reason?.code === criticalCode) return { deferred: reason.message };
  for (const one of group) {
    const decided = one.record.settings.name === result.module ? result.assessment : null;
    sayVerdictOf(context, one, decided ?? one.assessment);
    const name = one.record.settings.name;
    const culprit = name === result.module;
    const reasons = culprit ? result.reasons : [heldBackBy(result.module)];
    const level = (culprit ? result.assessment : null)?.level ?? one.assessment.level;
    reporter.notSwitched(one, transaction, { ...result, level, reasons });
    one.record.heldWith = names;
  }
  return 'decided';
}

/** A version can be taken back once; more often in a row than this, the records do not say what runs. */
const mostStaleRounds = 5;

/** What the host took back is compared with anew, by the job that follows. */
function staleFate(
  group: readonly Ready[],
  reporter: Reporter,
  transaction: string,
  reasons: readonly Finding[],
): Fate {
  for (const { record } of group) record.staleRounds += 1;
  if (group.every(({ record }) => record.staleRounds <= mostStaleRounds)) return 'interrupted';
  for (const one of group) {
    one.record.staleRounds = 0;
    const { level } = one.assessment;
    reporter.notSwitched(one, transaction, { outcome: 'failed', level, reasons, loadMs: 0, pauseMs: 0 });
  }
  return 'decided';
}

/** The verdict as it stands once the new version was loaded and the live values were looked at. */
function sayVerdictOf({ bus }: Context, { record, timings }: Ready, assessment: Assessment): void {
  sayVerdict(bus, record.settings.name, assessment, timings.assess ?? 0);
}

/** Modules that are fine by themselves but changed together with one that is not: they wait for it. */
function holdBack(
  context: Context,
  reporter: Reporter,
  group: readonly Ready[],
  failed: readonly string[],
  reason: Finding,
): void {
  context.transactions += 1;
  const names = new Set([...group.map((one) => one.record.settings.name), ...failed]);
  for (const name of names) {
    const record = context.records.get(name);
    if (record !== undefined) record.heldWith = names;
  }
  for (const one of group) {
    sayVerdictOf(context, one, one.assessment);
    const { level } = one.assessment;
    const reasons = [reason];
    reporter.notSwitched(one, `t${context.transactions}`, {
      outcome: 'refused',
      level,
      reasons,
      loadMs: 0,
      pauseMs: 0,
    });
  }
}

function heldBackBy(module: string): Finding {
  return {
    code: 'HM517',
    message: `It changed together with ${module}, which could not be switched; it waits for it.`,
  };
}

/**
 * Compares what the builds read with what the watcher last saw. A difference means that a file changed in a way no
 * event told of; the caller builds again, so that what runs is what is on disk.
 */
async function findUnsettled(
  context: Context,
  prepared: readonly Prepared[],
  records: readonly ModuleRecord[],
): Promise<readonly string[]> {
  const { watcher } = context;
  const unsettled: string[] = [];
  for (const [index, one] of prepared.entries()) {
    const name = records[index]?.settings.name;
    if (name === undefined || one.kind === 'superseded') continue;
    if (!one.build.settled) {
      unsettled.push(name);
      continue;
    }
    if (watcher === null) continue;
    watcher.add(one.build.inputs);
    const differs = (): readonly string[] =>
      [...one.build.inputs].filter(([path, hash]) => watcher.hashOf(path) !== hash).map(([path]) => path);
    const suspects = differs();
    if (suspects.length === 0) continue;
    await watcher.recheck(suspects);
    if (differs().length > 0) unsettled.push(name);
  }
  return unsettled;
}
