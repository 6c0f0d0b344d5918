import { assess } from '../assess/assess.js';
import type { Assessment, AssessRequest } from '../assess/types.js';
import type { Bus } from '../events/bus.js';
import type { LibraryFacts } from '../validate/types.js';
import { validate } from '../validate/validate.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { findFixed } from './find-conflicts.js';
import { type Back, findWayBack, nothingBefore } from './go-back.js';
import { createConflicts } from './job-conflicts.js';
import { sayVerdict } from './prepare.js';
import { apiVersion, loadedModules, runningLibraries } from './records.js';
import { type BothVersions, compareVersions } from './types-of-both.js';

export interface RollbackRequest {
  readonly module: string;
  /** Null for the generation that ran before. */
  readonly to: number | null;
  /** Accept an UNSAFE verdict. */
  readonly force: boolean;
}

/** Everything that only reads files: what a rollback would do, and whether it may. */
export interface JudgedBack extends Back {
  readonly file: LibraryFacts;
  /** Null where nothing is left of the module that state could come from. */
  readonly both: BothVersions | null;
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
  const { assessment, timings } = await judgeBack(context, request);
  sayVerdict(bus, request.module, assessment, timings.assess);
  return isAcceptable(assessment.level, request.force);
}

/** @throws HotmodError see `findWayBack`. */
export async function judgeBack(context: Context, { module, to }: RollbackRequest): Promise<JudgedBack> {
  const back = findWayBack(context, module, to);
  const { record, before, target } = back;
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
  const both =
    before === null ? null : await compareVersions(models, before, { library: target.library, file: facts }, true);
  const about = { record, version: target.moduleVersion, findings: checked.findings, facts, records };
  const conflicts = createConflicts(context, { forced: false });
  for (const found of findFixed({ ...about, changed: new Set([module]) })) conflicts.decide(found);
  const asked: AssessRequest = {
    module,
    findings: checked.findings,
    library: facts,
    version: target.moduleVersion,
    previous:
      before === null ? null : { version: before.settings.version, library: before.file, running: before.loaded },
    loaded: loadedModules(records),
    apiVersion,
    root: config.root,
    types: both,
    staged: null,
    conflicts: conflicts.of(module),
  };
  const assessment = assess(asked);
  const timings = { validate: validated - startedAt, assess: performance.now() - validated };
  return { ...back, file: facts, both, asked, assessment, timings };
}
