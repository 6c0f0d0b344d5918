import { exitCode } from '../errors.js';
import type { ModuleLibrary } from '../validate/types.js';
import { validate } from '../validate/validate.js';
import { isAcceptable } from './acceptable.js';
import { createConflicts } from './conflicts/job-conflicts.js';
import type { Context } from './context.js';
import { engineProvides } from './engine-provides.js';
import { type LastGood, readLastGood } from './generations/last-good.js';
import { inLoadOrder } from './order.js';
import { type Prepared, prepare } from './prepare.js';
import type { ModuleRecord } from './records.js';

/** What a verdict needs; a running session's context has it, and so has a command without one. */
export type DryRunContext = Pick<Context, 'bus' | 'records' | 'config' | 'builder' | 'engineLibrary' | 'models'>;

/**
 * The verdict on what is on disk now, without changing anything that runs: build, validate, assess.
 *
 * @param modules judged together, as one transaction.
 * @returns the exit code: 0 where a reload would go on, 1 where a build fails, 4 where one of them would be refused.
 */
export async function dryRun(context: DryRunContext, modules: readonly string[]): Promise<number> {
  const records = modules.flatMap((module) => context.records.get(module) ?? []);
  const changed = inLoadOrder(records, ({ settings }) => settings);
  const prepared = await prepareVerdicts(context, changed, { force: true });
  if (prepared.every(({ kind }) => kind === 'ready')) return exitCode.ok;
  const refused = prepared.some((one) => one.kind === 'stopped' && one.outcome === 'refused');
  return refused ? exitCode.refused : exitCode.failed;
}

/** Build, validate and assess these modules together, providers first; what comes of it is not loaded. */
export function prepareVerdicts(
  { bus, records, config, builder, engineLibrary, models }: DryRunContext,
  changed: readonly ModuleRecord[],
  { force, acceptUnsafe = false }: { readonly force: boolean; readonly acceptUnsafe?: boolean },
): Promise<readonly Prepared[]> {
  return prepare({
    changed,
    records,
    config,
    builder,
    engineLibrary,
    models,
    bus,
    signal: new AbortController().signal,
    rebuild: false,
    force,
    verdictOnly: true,
    accepts: ({ level }) => isAcceptable(level, acceptUnsafe),
    conflicts: createConflicts({ bus, config }, { forced: false }),
  });
}

/** From now on later builds are compared with it, although nothing runs. */
export function takeVersion(
  record: ModuleRecord,
  { build, file, assessment }: Extract<Prepared, { readonly kind: 'ready' }>,
): void {
  record.generation += 1;
  const { library, hash } = build;
  const { generation, settings } = record;
  record.running = { generation, library, hash, file, loaded: null, level: assessment.level, settings, restores: 0 };
}

/** Puts what ran in the last session in the place of what runs, so that a verdict has something to compare with. */
export async function recallLastGood(context: DryRunContext): Promise<void> {
  const lastGood = await readLastGood(context.config.outDir);
  const libraries = Object.entries(lastGood).map(([name, { library }]) => ({ name, library }));
  for (const record of context.records.values()) {
    const known = lastGood[record.settings.name];
    if (known !== undefined) await recall(context, record, known, libraries);
  }
}

async function recall(
  context: DryRunContext,
  record: ModuleRecord,
  known: LastGood[string],
  modules: readonly ModuleLibrary[],
): Promise<void> {
  const { facts } = await validate({
    library: known.library,
    module: record.settings,
    target: context.config.target,
    providers: {
      engine: engineProvides(context.engineLibrary),
      modules,
    },
  });
  if (facts === null) return;
  record.generation = known.generation;
  record.running = { ...known, file: facts, level: 'SAFE', settings: record.settings, restores: 0 };
}
