import { assess } from '../../assess/assess.js';
import type { Assessment, AssessRequest } from '../../assess/types.js';
import type { Bus } from '../../events/bus.js';
import type { LibraryFacts, ModuleLibrary } from '../../validate/types.js';
import { validate } from '../../validate/validate.js';
import { isAcceptable } from '../acceptable.js';
import { dependantsOf, findFixed, type NewVersion } from '../conflicts/find-conflicts.js';
import { createConflicts } from '../conflicts/job-conflicts.js';
import type { Context } from '../context.js';
import { inLoadOrder } from '../order.js';
import { sayVerdict } from '../prepare.js';
import { apiVersion, loadedModule } from '../records.js';
import { type BothVersions, compareVersions } from '../types-of-both.js';
import { type Back, type BackTo, findWayBack, nothingBefore } from './go-back.js';

export interface RollbackRequest {
  /** Each module once. */
  readonly targets: readonly BackTo[];
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
  const judged = await judgeBack({ ...context, bus }, request);
  for (const { target, assessment, timings } of judged) sayVerdict(bus, target.module, assessment, timings.assess);
  return judged.every(({ assessment }) => isAcceptable(assessment.level, request.force));
}

/**
 * Judged together, as what changes in one save is: each beside the others as they will be. Providers first.
 *
 * @throws HotmodError see `findWayBack`; what cannot be read of an earlier version is HM515.
 */
export async function judgeBack(context: Context, { targets }: RollbackRequest): Promise<readonly JudgedBack[]> {
  const found = targets.map(({ module, to }) => findWayBack(context, module, to));
  const backs = inLoadOrder(found, ({ record }) => record.settings);
  const libraries = librariesAfter(context, backs);
  const checked = await Promise.all(backs.map((back) => check(context, back, libraries)));
  const loaded = [...context.records.values()].flatMap(({ settings, running }) => {
    const fresh = checked.find(({ target }) => target.module === settings.name)?.file ?? null;
    const file = fresh ?? running?.file ?? null;
    return file === null ? [] : [loadedModule(settings, file, fresh !== null)];
  });
  const others = { changed: new Set(targets.map((one) => one.module)), dependants: dependantsOf(context.records) };
  return Promise.all(checked.map((one) => judge(context, one, loaded, others)));
}

/** The library of every module that will run. */
function librariesAfter({ records }: Context, backs: readonly Back[]): readonly ModuleLibrary[] {
  return [...records.values()].flatMap(({ settings: { name }, running }) => {
    const library = backs.find(({ target }) => target.module === name)?.target.library ?? running?.library;
    return library === undefined ? [] : [{ name, library }];
  });
}

interface Checked extends Back {
  readonly file: LibraryFacts;
  readonly findings: AssessRequest['findings'] & NewVersion['findings'];
  readonly durationMs: number;
}

async function check(context: Context, back: Back, libraries: readonly ModuleLibrary[]): Promise<Checked> {
  const { record, target } = back;
  const startedAt = performance.now();
  const { facts, findings } = await validate({
    library: target.library,
    module: { ...record.settings, entry: target.entry },
    target: context.config.target,
    providers: {
      engine: { symbols: [], libraries: [context.engineLibrary] },
      modules: libraries,
    },
  });
  if (facts === null) throw nothingBefore(target.module, findings.map((one) => one.message).join('; '));
  return { ...back, file: facts, findings, durationMs: performance.now() - startedAt };
}

async function judge(
  context: Context,
  { findings, durationMs, ...back }: Checked,
  loaded: AssessRequest['loaded'],
  others: Pick<NewVersion, 'changed' | 'dependants'>,
): Promise<JudgedBack> {
  const { record, before, target, file } = back;
  const { config, records, models } = context;
  const { module, moduleVersion: version, library } = target;
  const startedAt = performance.now();
  const both = before === null ? null : await compareVersions(models, before, { library }, true);
  const conflicts = createConflicts(context, { forced: false });
  for (const found of findFixed({ record, version, findings, facts: file, records, ...others }))
    conflicts.decide(found);
  const asked: AssessRequest = {
    module,
    findings,
    library: file,
    version,
    previous:
      before === null ? null : { version: before.settings.version, library: before.file, running: before.loaded },
    loaded,
    apiVersion,
    root: config.root,
    types: both,
    staged: null,
    conflicts: conflicts.of(module),
  };
  const assessment = assess(asked);
  return { ...back, both, asked, assessment, timings: { validate: durationMs, assess: performance.now() - startedAt } };
}
