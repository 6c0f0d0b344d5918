import { assess } from '../assess/assess.js';
import type { Assessment } from '../assess/types.js';
import type { Finding } from '../events/events.js';
import { HostGone } from '../host/host.js';
import type { RunningJob } from '../reload/queue.js';
import { type TransactionResult, transact } from '../reload/transact.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { describeHostEnd } from './host-ends.js';
import { loadOrder } from './order.js';
import { type Prepared, prepare, sayVerdict } from './prepare.js';
import { type ModuleRecord, runningFacts } from './records.js';
import { createReporter, preciseNow, type Ready, type Reporter } from './reporter.js';
import { symbolise } from './symbolise.js';
import { readFindings, transferBetween } from './transfer.js';

export interface UpdateOutcome {
  /** Modules where what was built is no longer what is on disk. */
  readonly unsettled: readonly string[];
  /** Modules whose turn had not come when another one took the host down. */
  readonly interrupted: readonly string[];
}

/**
 * One job from source to running code. Modules that run already are switched together or not at all; a module that
 * does not run yet starts by itself, so that a broken one keeps no other from starting.
 */
export async function update(context: Context, job: RunningJob): Promise<UpdateOutcome> {
  const startedAt = preciseNow();
  const records = jobRecords(context, job);
  const accepts = ({ level }: Assessment): boolean => isAcceptable(level, job.acceptUnsafe);
  const { config, builder, bus, engineLibrary, models } = context;

  const prepared = await Promise.all(
    records.map((record) =>
      prepare({
        record,
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
      }),
    ),
  );
  const superseded = prepared.some((one) => one.kind === 'superseded');
  if (superseded || !(await job.commit()) || context.closing) return { unsettled: [], interrupted: [] };

  const reporter = createReporter(context, job, startedAt);
  const ready: Ready[] = [];
  let failedModule = '';
  for (const [index, one] of prepared.entries()) {
    const record = records[index];
    if (record === undefined || one.kind === 'superseded') continue;
    if (one.kind === 'unchanged') reporter.current(record);
    if (one.kind === 'stopped') {
      reporter.stopped(record, one);
      if (record.running !== null) failedModule = record.settings.name;
    }
    if (one.kind === 'ready') {
      record.generation += 1;
      ready.push({ ...one, record, generation: record.generation });
    }
  }

  const together = ready.filter((one) => one.record.running !== null);
  const groups = ready.filter((one) => !together.includes(one)).map((one) => [one]);
  if (failedModule === '') groups.unshift(together);
  else if (together.length > 0) holdBack(context, reporter, together, failedModule);
  const interrupted: string[] = [];
  let fate: Fate = 'decided';
  for (const group of groups) {
    if (fate === 'decided') fate = await switchGroup(context, reporter, group, { accepts, overrule: job.acceptUnsafe });
    else fate = 'interrupted';
    if (fate === 'interrupted') interrupted.push(...group.map((one) => one.record.settings.name));
  }

  return { unsettled: await findUnsettled(context, prepared, records), interrupted };
}

/** The records of the job's modules and of those held back with them, providers first. */
function jobRecords(context: Context, job: RunningJob): readonly ModuleRecord[] {
  const names = new Set(job.modules);
  for (const name of job.modules) {
    for (const other of context.records.get(name)?.heldWith ?? []) names.add(other);
  }
  const records = [...context.records.values()].filter((one) => names.has(one.settings.name) && !one.orphaned);
  const order = loadOrder(records.map((one) => one.settings)).map((settings) => settings.name);
  return records.sort((a, b) => order.indexOf(a.settings.name) - order.indexOf(b.settings.name));
}

/**
 * What became of a group: an outcome was emitted for each; or one of them took the host down; or a module outside it
 * did, so that there is no outcome yet.
 */
type Fate = 'decided' | 'hostGone' | 'interrupted';

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

  let result: TransactionResult;
  try {
    result = await transact({
      host: context.host,
      ...terms,
      candidates: group.map(({ record, generation, build, assessment }) => ({
        module: record.settings.name,
        generation,
        library: build.library,
        entry: record.settings.entry,
        assessment,
      })),
      transferOf: (candidate, facts) => {
        const one = find(candidate.module);
        return one === undefined ? null : transferBetween(one.both, runningFacts(one.record), facts, terms.overrule);
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

  if (result.outcome === 'switched') {
    for (const one of result.modules) {
      const ready = find(one.module);
      if (ready === undefined) continue;
      sayVerdictOf(context, ready, one.assessment);
      reporter.switched(ready, transaction, one, result.pauseMs);
    }
    return 'decided';
  }
  const reasonsOfCulprit = await withPlace(context, group, result);
  for (const one of group) {
    const decided = one.record.settings.name === result.module ? result.assessment : null;
    sayVerdictOf(context, one, decided ?? one.assessment);
    const name = one.record.settings.name;
    const culprit = name === result.module;
    const reasons = culprit ? reasonsOfCulprit : [heldBackBy(result.module)];
    const level = (culprit ? result.assessment : null)?.level ?? one.assessment.level;
    reporter.notSwitched(one, transaction, { ...result, level, reasons });
    one.record.heldWith = names;
  }
  return 'decided';
}

/** Where a step crashed belongs to the reason why the reload did not come about. */
async function withPlace(
  context: Context,
  group: readonly Ready[],
  { crash, reasons }: Exclude<TransactionResult, { readonly outcome: 'switched' }>,
): Promise<readonly Finding[]> {
  if (crash === null) return reasons;
  const arriving = group.map(({ record, generation, build }) => ({
    module: record.settings.name,
    generation,
    library: build.library,
  }));
  const { innermost, ...place } = await symbolise(context, crash, arriving);
  const { function: name, file, line } = innermost;
  return reasons.map((one, index) => (index === 0 ? { ...one, crash: { function: name, file, line, ...place } } : one));
}

/** The verdict as it stands once the new version was loaded and the live values were looked at. */
function sayVerdictOf({ bus }: Context, { record, timings }: Ready, assessment: Assessment): void {
  sayVerdict(bus, record.settings.name, assessment, timings.assess ?? 0);
}

/** Modules that are fine by themselves but changed together with one that is not: they wait for it. */
function holdBack(context: Context, reporter: Reporter, group: readonly Ready[], failed: string): void {
  context.transactions += 1;
  const names = new Set([...group.map((one) => one.record.settings.name), failed]);
  for (const name of names) {
    const record = context.records.get(name);
    if (record !== undefined) record.heldWith = names;
  }
  for (const one of group) {
    sayVerdictOf(context, one, one.assessment);
    const { level } = one.assessment;
    const reasons = [heldBackBy(failed)];
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
