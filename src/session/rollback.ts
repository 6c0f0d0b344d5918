import { join } from 'node:path';
import { assess } from '../assess/assess.js';
import type { Assessment } from '../assess/types.js';
import type { Outcome } from '../events/events.js';
import { HostGone } from '../host/host.js';
import { type TransactionResult, transact } from '../reload/transact.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { describeHostEnd } from './host-ends.js';
import { type JudgedBack, judgeBack, type RollbackRequest } from './judge-back.js';
import { sayVerdict } from './prepare.js';
import { runningFacts } from './records.js';
import { emitStanding, emitSwitched } from './reporter.js';
import { readFindings, transferBetween } from './transfer.js';
import { wayBackOf } from './way-back.js';

/** A rollback under way. */
interface Attempt extends JudgedBack {
  readonly generation: number;
  readonly transaction: string;
  readonly startedAt: number;
}

type Decided = Exclude<TransactionResult, { readonly outcome: 'stale' }>;
type Switched = Extract<Decided, { readonly outcome: 'switched' }>;
type Standing = Exclude<Decided, Switched>;

/**
 * Goes back to an earlier generation as an ordinary transaction, under a new number: the state moves back with it. It
 * runs until the next change of the source.
 *
 * @throws HotmodError see `findWayBack`; nothing was tried then.
 */
export async function rollback(context: Context, request: RollbackRequest): Promise<Outcome> {
  const startedAt = performance.now();
  const judged = await judgeBack(context, request);
  const { record, target } = judged;
  record.generation += 1;
  context.transactions += 1;
  const { generation } = record;
  const transaction = `t${context.transactions}`;
  const attempt: Attempt = { ...judged, generation, transaction, startedAt };

  const { module, hash, entry, moduleVersion, inputs, generation: restores } = target;
  const from = record.running?.generation ?? 0;
  context.history.begin(transaction, [{ module, generation, from, restores, hash, entry, moduleVersion, inputs }]);
  const result = await carryOut(context, request, attempt);
  return result.outcome === 'switched' ? saySwitched(context, attempt, result) : sayStanding(context, attempt, result);
}

async function carryOut(context: Context, request: RollbackRequest, attempt: Attempt): Promise<Decided> {
  const { record, target, both, asked, assessment, generation, transaction } = attempt;
  const { module, library, entry } = target;
  const { imports, patches } = attempt.file;
  const replaces = attempt.before?.generation ?? null;
  const accepts = ({ level }: Assessment): boolean => isAcceptable(level, request.force);
  const nothingDone = { module, assessment, loadMs: 0, pauseMs: 0, crash: null };
  if (!accepts(assessment)) return { ...nothingDone, outcome: 'refused', reasons: assessment.reasons };
  try {
    const result = await transact({
      host: context.host,
      overrule: request.force,
      accepts,
      decided: () => context.history.decided(transaction),
      candidates: [{ module, generation, library, entry, imports, patches, assessment, replaces }],
      returnOf: (_candidate, facts) => (both === null ? null : wayBackOf(both, runningFacts(record), facts)),
      transferOf: (_candidate, facts) => transferBetween(both, runningFacts(record), facts, request.force),
      confirm: (_candidate, facts, found) =>
        assess({ ...asked, staged: { facts, findings: readFindings(both, found) } }),
    });
    return result.outcome === 'stale' ? { ...nothingDone, outcome: 'failed', reasons: result.reasons } : result;
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    const reasons = [describeHostEnd(await context.host.ended)];
    // Nothing ran before, so there is nothing to go back to.
    return { ...nothingDone, outcome: record.running === null ? 'failed' : 'rolledBack', reasons };
  }
}

function saySwitched(context: Context, attempt: Attempt, { modules, pauseMs }: Switched): Outcome {
  const { record, target, file, generation, transaction, startedAt } = attempt;
  const [switched] = modules;
  if (switched === undefined) throw new Error(`the rollback of ${target.module} switched nothing`);
  const { assessment, facts, state, loadMs } = switched;
  sayVerdict(context.bus, target.module, assessment, attempt.timings.assess);
  const outcome = record.running === null ? 'loaded' : 'reloaded';
  const { library, hash, entry, moduleVersion, generation: restores } = target;
  const settings = { ...record.settings, entry, version: moduleVersion };
  const durationMs = performance.now() - startedAt;
  emitSwitched(context, record, {
    version: { generation, library, hash, file, loaded: facts, level: assessment.level, settings, restores },
    assessment,
    state,
    transaction,
    sourceNewer: sourceDiffers(context, attempt),
    conflicts: attempt.asked.conflicts,
    durationMs,
    timings: { ...attempt.timings, load: loadMs, pause: pauseMs, total: durationMs },
  });
  return outcome;
}

function sayStanding(context: Context, attempt: Attempt, result: Standing): Outcome {
  const { record, target, generation, transaction, startedAt, timings } = attempt;
  const { outcome, reasons, loadMs, pauseMs } = result;
  const assessment = result.assessment ?? attempt.assessment;
  sayVerdict(context.bus, target.module, assessment, timings.assess);
  const durationMs = performance.now() - startedAt;
  emitStanding(context, record, {
    outcome,
    level: assessment.level,
    generation,
    transaction,
    reasons,
    conflicts: attempt.asked.conflicts,
    durationMs,
    timings: { ...timings, load: loadMs, pause: pauseMs, total: durationMs },
  });
  return outcome;
}

/** Going back and forth between two generations may well end at the one that is on disk. */
function sourceDiffers({ builder, config }: Context, { record, target }: Attempt): boolean {
  const built = builder.inputsOf(record.settings.name);
  return Object.entries(target.inputs).some(([path, hash]) => built.get(join(config.root, path)) !== hash);
}
