import { assess } from '../assess/assess.js';
import type { Assessment, AssessRequest } from '../assess/types.js';
import type { Bus } from '../events/bus.js';
import type { Outcome } from '../events/events.js';
import { HostGone } from '../host/host.js';
import { type TransactionResult, transact } from '../reload/transact.js';
import type { LibraryFacts } from '../validate/types.js';
import { validate } from '../validate/validate.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { type Back, findWayBack, nothingBefore } from './go-back.js';
import { describeHostEnd } from './host-ends.js';
import { runningLibraries, sayVerdict } from './prepare.js';
import { apiVersion, loadedModules } from './records.js';
import { emitStanding, emitSwitched } from './reporter.js';
import { readFindings, transferBetween } from './transfer.js';
import { type BothVersions, compareVersions } from './types-of-both.js';

export interface RollbackRequest {
  readonly module: string;
  /** Null for the generation that ran before. */
  readonly to: number | null;
  /** Accept an UNSAFE verdict. */
  readonly force: boolean;
}

/** Everything that only reads files: what a rollback would do, and whether it may. */
interface Judged extends Back {
  readonly file: LibraryFacts;
  readonly both: BothVersions;
  readonly asked: AssessRequest;
  readonly assessment: Assessment;
  readonly timings: { readonly validate: number; readonly assess: number };
}

/**
 * The verdict on going back, without doing it.
 *
 * @returns whether it may be done.
 * @throws HotmodError see `findWayBack`.
 */
export async function dryRollback(context: Context, request: RollbackRequest, bus: Bus): Promise<boolean> {
  const { assessment, timings } = await judge(context, request);
  sayVerdict(bus, request.module, assessment, timings.assess);
  return isAcceptable(assessment.level, request.force);
}

/**
 * Goes back to an earlier generation as an ordinary transaction, under a new number: the state moves back with it. It
 * runs until the next change of the source.
 *
 * @throws HotmodError see `findWayBack`; nothing was tried then.
 */
export async function rollback(context: Context, request: RollbackRequest): Promise<Outcome> {
  const startedAt = performance.now();
  const judged = await judge(context, request);
  const { record, running, target, both, asked } = judged;
  const { module } = request;
  const accepts = ({ level }: Assessment): boolean => isAcceptable(level, request.force);

  record.generation += 1;
  context.transactions += 1;
  const generation = record.generation;
  const transaction = `t${context.transactions}`;
  const { hash, entry, moduleVersion, inputs } = target;
  const restores = target.generation;
  const standing = (
    outcome: 'refused' | 'failed' | 'rolledBack',
    assessment: Assessment,
    why: Pick<
      Extract<TransactionResult, { readonly outcome: 'refused' | 'failed' | 'rolledBack' }>,
      'reasons' | 'loadMs' | 'pauseMs'
    >,
  ): Outcome => {
    sayVerdict(context.bus, module, assessment, judged.timings.assess);
    const durationMs = performance.now() - startedAt;
    const timings = { ...judged.timings, load: why.loadMs, pause: why.pauseMs, total: durationMs };
    const { reasons } = why;
    emitStanding(context, record, {
      ...{ outcome, level: assessment.level, generation, transaction, reasons, durationMs, timings },
    });
    return outcome;
  };

  context.history.begin(transaction, [
    { module, generation, from: running.generation, restores, hash, entry, moduleVersion, inputs },
  ]);
  if (!accepts(judged.assessment)) {
    return standing('refused', judged.assessment, { reasons: judged.assessment.reasons, loadMs: 0, pauseMs: 0 });
  }
  let result: TransactionResult;
  try {
    result = await transact({
      host: context.host,
      overrule: request.force,
      accepts,
      decided: () => context.history.decided(transaction),
      candidates: [{ module, generation, library: target.library, entry, assessment: judged.assessment }],
      transferOf: (_candidate, facts) => transferBetween(both, running.loaded, facts, request.force),
      confirm: (_candidate, facts, found) =>
        assess({ ...asked, staged: { facts, findings: readFindings(both, found) } }),
    });
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    const reasons = [describeHostEnd(await context.host.ended)];
    return standing('rolledBack', judged.assessment, { reasons, loadMs: 0, pauseMs: 0 });
  }
  if (result.outcome !== 'switched') return standing(result.outcome, result.assessment ?? judged.assessment, result);

  const [switched] = result.modules;
  if (switched === undefined) throw new Error(`the rollback of ${module} switched nothing`);
  const { assessment, facts } = switched;
  sayVerdict(context.bus, module, assessment, judged.timings.assess);
  const durationMs = performance.now() - startedAt;
  const settings = { ...record.settings, entry, version: moduleVersion };
  const { library } = target;
  emitSwitched(context, record, {
    version: {
      generation,
      library,
      hash,
      file: judged.file,
      loaded: facts,
      level: assessment.level,
      settings,
      restores,
    },
    assessment,
    state: switched.state,
    transaction,
    sourceNewer: sourceDiffers(context, judged),
    durationMs,
    timings: { ...judged.timings, load: switched.loadMs, pause: result.pauseMs, total: durationMs },
  });
  return 'reloaded';
}

async function judge(context: Context, { module, to }: RollbackRequest): Promise<Judged> {
  const back = findWayBack(context, module, to);
  const { record, running, target } = back;
  const { config, records, models, engineLibrary } = context;
  const startedAt = performance.now();
  const checked = await validate({
    library: target.library,
    module: { ...record.settings, entry: target.entry },
    target: config.target,
    providers: {
      engine: { symbols: [], libraries: [engineLibrary] },
      modules: runningLibraries(records, module),
    },
  });
  const { facts } = checked;
  if (facts === null) throw nothingBefore(module, checked.findings.map((one) => one.message).join('; '));
  const validated = performance.now();
  const both = await compareVersions(models, running, { library: target.library, file: facts });
  const asked: AssessRequest = {
    module,
    findings: checked.findings,
    library: facts,
    previous: { library: running.file, running: running.loaded },
    loaded: loadedModules(records),
    apiVersion,
    root: config.root,
    types: both,
    staged: null,
  };
  const assessment = assess(asked);
  const timings = { validate: validated - startedAt, assess: performance.now() - validated };
  return { ...back, file: facts, both, asked, assessment, timings };
}

/** Going back and forth between two generations may well end at the one that is on disk. */
function sourceDiffers({ builder, config }: Context, { record, target }: Judged): boolean {
  const built = builder.inputsOf(record.settings.name);
  return Object.entries(target.inputs).some(([path, hash]) => built.get(`${config.root}/${path}`) !== hash);
}
