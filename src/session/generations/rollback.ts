import { join } from 'node:path';
import { assess } from '../../assess/assess.js';
import type { Assessment } from '../../assess/types.js';
import type { Finding, Outcome } from '../../events/events.js';
import { HostGone } from '../../host/host.js';
import { type Switched, type TransactionResult, transact } from '../../reload/transact.js';
import { isAcceptable } from '../acceptable.js';
import type { Context } from '../context.js';
import { sayVerdict } from '../prepare.js';
import { noteTouch, runningFacts } from '../records.js';
import { describeHostEnd } from '../recovery/host-ends.js';
import { emitStanding, emitSwitched } from '../reporter.js';
import { readFindings, transferBetween } from '../transfer.js';
import { foreseeWayBack, wayBackOf } from '../way-back.js';
import type { BackTo } from './go-back.js';
import { type JudgedBack, judgeBack, type RollbackRequest } from './judge-back.js';

/** One module of a rollback under way. */
interface Attempt extends JudgedBack {
  readonly generation: number;
}

/** All of a rollback under way, providers first. */
interface Rollback {
  readonly attempts: readonly Attempt[];
  readonly transaction: string;
  readonly force: boolean;
  readonly startedAt: number;
}

type Decided = Exclude<TransactionResult, { readonly outcome: 'stale' }>;
type Standing = Exclude<Decided, { readonly outcome: 'switched' }>;

export interface RollbackOutcome {
  readonly module: string;
  readonly outcome: Outcome;
}

/** The same of one module, and of several. */
export interface OneOrMany {
  (request: BackTo & { readonly force: boolean }): Promise<Outcome>;
  (targets: readonly BackTo[], options?: { readonly force?: boolean }): Promise<readonly RollbackOutcome[]>;
}

export function oneOrMany(goBack: (request: RollbackRequest) => Promise<readonly RollbackOutcome[]>): OneOrMany {
  function either(request: BackTo & { readonly force: boolean }): Promise<Outcome>;
  function either(
    targets: readonly BackTo[],
    options?: { readonly force?: boolean },
  ): Promise<readonly RollbackOutcome[]>;
  async function either(
    wanted: (BackTo & { readonly force: boolean }) | readonly BackTo[],
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<Outcome | readonly RollbackOutcome[]> {
    if (!('module' in wanted)) return goBack({ targets: wanted, force });
    const [went] = await goBack({ targets: [wanted], force: wanted.force });
    return went?.outcome ?? 'failed';
  }
  return either;
}

/**
 * Goes back to earlier generations as one ordinary transaction, each under a new number: the state moves back with them, all
 * of them or none. They run until the next change of their source.
 *
 * @throws HotmodError see `findWayBack`; nothing was tried then.
 */
export async function rollback(context: Context, request: RollbackRequest): Promise<readonly RollbackOutcome[]> {
  const startedAt = performance.now();
  const judged = await judgeBack(context, request);
  context.transactions += 1;
  const transaction = `t${context.transactions}`;
  const attempts = judged.map((one): Attempt => {
    one.record.generation += 1;
    return { ...one, generation: one.record.generation };
  });
  const about: Rollback = { attempts, transaction, force: request.force, startedAt };

  await context.history.begin(
    transaction,
    attempts.map(({ record, target, generation }) => {
      const { module, hash, entry, moduleVersion, inputs, generation: restores } = target;
      return {
        module,
        generation,
        from: record.running?.generation ?? 0,
        restores,
        hash,
        entry,
        moduleVersion,
        inputs,
      };
    }),
    'now',
  );
  const result = await carryOut(context, about);
  return attempts.map((attempt) => {
    const { module } = attempt.target;
    if (result.outcome !== 'switched') return { module, outcome: sayStanding(context, about, attempt, result) };
    const switched = result.modules.find((one) => one.module === module);
    if (switched === undefined) throw new Error(`the rollback of ${module} switched nothing`);
    return { module, outcome: saySwitched(context, about, attempt, switched, result.pauseMs) };
  });
}

async function carryOut(context: Context, { attempts, transaction, force }: Rollback): Promise<Decided> {
  const accepts = ({ level }: Assessment): boolean => isAcceptable(level, force);
  const nothingDone = { loadMs: 0, pauseMs: 0, crash: null };
  const refused = attempts.find(({ assessment }) => !accepts(assessment));
  if (refused !== undefined) {
    const { assessment, target } = refused;
    const { reasons } = assessment;
    return { ...nothingDone, outcome: 'refused', module: target.module, assessment, reasons };
  }
  const of = ({ module }: { readonly module: string }): Attempt => {
    const found = attempts.find(({ target }) => target.module === module);
    if (found === undefined) throw new Error(`nobody asked to go back with ${module}`);
    return found;
  };
  const module = attempts[0]?.target.module ?? '';
  try {
    const result = await transact({
      host: context.host,
      overrule: force,
      accepts,
      decided: () => context.history.decided(transaction, 'now'),
      candidates: attempts.map(({ target, file, before, generation, assessment }) => ({
        module: target.module,
        generation,
        library: target.library,
        entry: target.entry,
        imports: file.imports,
        patches: file.patches,
        assessment,
        replaces: before?.generation ?? null,
      })),
      meanwhile: (candidate) => {
        const { both, record } = of(candidate);
        foreseeWayBack(both, runningFacts(record));
      },
      returnOf: (candidate, facts) => {
        const { both, record } = of(candidate);
        return wayBackOf(both, runningFacts(record), facts);
      },
      transferOf: (candidate, facts) => {
        const { both, record } = of(candidate);
        return transferBetween(both, runningFacts(record), facts, force);
      },
      confirm: (candidate, facts, found) => {
        const { both, asked } = of(candidate);
        return assess({ ...asked, staged: { facts, findings: readFindings(both, found) } });
      },
    });
    if (result.outcome !== 'stale') return result;
    return { ...nothingDone, outcome: 'failed', module, assessment: null, reasons: result.reasons };
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    const end = await context.host.ended;
    const blamed = attempts.find(({ target }) => target.module === end.module)?.target.module ?? module;
    return {
      ...nothingDone,
      outcome: 'rolledBack',
      module: blamed,
      assessment: null,
      reasons: [describeHostEnd(end)],
    };
  }
}

function saySwitched(
  context: Context,
  { transaction, startedAt }: Rollback,
  attempt: Attempt,
  { assessment, facts, state, loadMs }: Switched,
  pauseMs: number,
): Outcome {
  const { record, target, file, generation } = attempt;
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
  // A build that is under way was not made for the state that is back.
  noteTouch(record, `"hotmod rollback ${target.module}"`);
  return outcome;
}

function sayStanding(
  context: Context,
  { transaction, startedAt }: Rollback,
  attempt: Attempt,
  result: Standing,
): Outcome {
  const { record, target, generation, timings } = attempt;
  const { loadMs, pauseMs } = result;
  const culprit = result.module === target.module;
  const assessment = (culprit ? result.assessment : null) ?? attempt.assessment;
  const reasons: readonly Finding[] = culprit ? result.reasons : [stayedWith(result.module)];
  // Nothing ran before, so there is nothing that could have been gone back to.
  const outcome = result.outcome === 'rolledBack' && record.running === null ? 'failed' : result.outcome;
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

function stayedWith(module: string): Finding {
  const message = `It was to go back together with ${module}, which could not; all of them stay as they are.`;
  return { code: 'HM517', message, recommendation: 'Go back with it alone, or mend what is named there.' };
}

/** Going back and forth between two generations may well end at the one that is on disk. */
function sourceDiffers({ builder, config }: Context, { record, target }: Attempt): boolean {
  const built = builder.inputsOf(record.settings.name);
  return Object.entries(target.inputs).some(([path, hash]) => built.get(join(config.root, path)) !== hash);
}
