import { assess } from '../assess/assess.js';
import type { Assessment } from '../assess/types.js';
import type { Finding } from '../events/events.js';
import { HostGone } from '../host/host.js';
import { type TransactionRequest, type TransactionResult, transact } from '../reload/transact.js';
import type { Context } from './context.js';
import { plannedGeneration } from './generations/history.js';
import { sayVerdict } from './prepare.js';
import { runningFacts } from './records.js';
import { describeHostEnd } from './recovery/host-ends.js';
import { tellPassedAgain } from './recovery/recover.js';
import { symbolise } from './recovery/symbolise.js';
import type { Ready, Reporter } from './reporter.js';
import { readFindings, transferBetween } from './transfer.js';
import { foreseeWayBack, wayBackOf } from './way-back.js';

/**
 * What became of a group: an outcome was emitted for each; or one of them took the host down; or a module outside it
 * did, so that there is no outcome yet; or one of them may not be replaced now.
 */
export type Fate = 'decided' | 'hostGone' | 'interrupted' | { readonly deferred: string };

/** The engine's answer where a module does not want to be replaced, and began to want that only now. */
const criticalCode = 'HM570';

/** What the request allows: which verdicts, and whether the version that runs has a say. */
export interface Terms {
  readonly accepts: (assessment: Assessment) => boolean;
  readonly overrule: boolean;
  /** Other modules start beside it. */
  readonly beside: boolean;
}

/** One transaction: all modules of the group are switched or none, and an outcome is said for each. */
export async function switchGroup(
  context: Context,
  reporter: Reporter,
  group: readonly Ready[],
  { beside, ...terms }: Terms,
): Promise<Fate> {
  if (group.length === 0) return 'decided';
  context.transactions += 1;
  const transaction = `t${context.transactions}`;
  const byName = new Map(group.map((one) => [one.record.settings.name, one]));
  const names = new Set(byName.keys());
  const find = (module: string): Ready | undefined => byName.get(module);
  // Modules that start for the first time do so beside each other; the last that came of a module is what may be blamed.
  for (const { record, generation, build } of group) {
    const module = record.settings.name;
    context.arriving.set(module, { module, generation, library: build.library });
  }

  const written = beside ? 'withOthers' : 'now';
  const generations = group.map((one) => plannedGeneration(context.config, one));
  await context.history.begin(transaction, generations, written);
  let result: TransactionResult;
  try {
    result = await transactForSure(context, {
      host: context.host,
      ...terms,
      decided: () => context.history.decided(transaction, written),
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
      meanwhile: (candidate) => {
        const one = find(candidate.module);
        if (one !== undefined) foreseeWayBack(one.both, runningFacts(one.record));
      },
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
    // Nobody is to blame: the same versions are switched once more, in the host that takes this one's place.
    if (context.emulatorFaults.caused(end)) return 'interrupted';
    const culprit = find(end.module);
    if (culprit === undefined && end.module !== '') return 'interrupted';
    if (culprit === undefined && beside) {
      // It may have been any of them, so that next time each of them starts alone.
      context.startsAlone = true;
      return 'interrupted';
    }
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
    await context.history.together(() => {
      for (const one of result.modules) {
        const ready = find(one.module);
        if (ready === undefined) continue;
        sayVerdictOf(context, ready, one.assessment);
        reporter.switched(ready, transaction, one, result.pauseMs);
      }
    }, written);
    return 'decided';
  }
  const [reason] = result.reasons;
  if (reason?.code === criticalCode) return { deferred: reason.message };
  const reasonsOfCulprit = await withPlace(context, result);
  await context.history.together(() => {
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
  }, written);
  return 'decided';
}

/** Under an emulator a step that crashed is no module's fault before the whole of it has been tried once more. */
async function transactForSure(context: Context, request: TransactionRequest): Promise<TransactionResult> {
  const first = await transact(request);
  const crash = 'crash' in first ? first.crash : null;
  if (!context.retryOnce || crash === null || !('module' in first)) return first;
  const second = await transact(request);
  if (!('crash' in second) || second.crash === null) tellPassedAgain(context, first.module, crash.signal);
  return second;
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

/** Where a step crashed belongs to the reason why the reload did not come about. */
async function withPlace(
  context: Context,
  { crash, reasons }: Exclude<TransactionResult, { readonly outcome: 'switched' | 'stale' }>,
): Promise<readonly Finding[]> {
  if (crash === null) return reasons;
  const { innermost, ...place } = await symbolise(context, crash, context.arriving.values());
  const { function: name, file, line } = innermost;
  return reasons.map((one, index) => (index === 0 ? { ...one, crash: { function: name, file, line, ...place } } : one));
}

/** The verdict as it stands once the new version was loaded and the live values were looked at. */
function sayVerdictOf({ bus }: Context, { record, timings }: Ready, assessment: Assessment): void {
  sayVerdict(bus, record.settings.name, assessment, timings.assess ?? 0);
}

/** Modules that are fine by themselves but changed together with one that is not: they wait for it. */
export function holdBack(
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

export function heldBackBy(module: string): Finding {
  return {
    code: 'HM517',
    message: `It changed together with ${module}, which could not be switched; it waits for it.`,
  };
}
