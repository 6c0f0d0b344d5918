import { outDirOf } from '../config/load.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { createBus } from '../events/bus.js';
import type { Finding, Level, SessionEvent } from '../events/events.js';
import { machineDifferences } from '../layout/machine-differences.js';
import type { Target } from '../target/targets.js';
import type { Context } from './context.js';
import { type DryRunContext, prepareVerdicts, takeVersion } from './dry-run.js';
import type { Prepared } from './prepare.js';
import { problemOf } from './problem.js';
import { type ModuleRecord, newRecord } from './records.js';
import { createModelReader } from './types-of-both.js';
import type { Workshop } from './workshop.js';

/** Builds and judges for the machines that nothing runs for, after what runs was brought up to date. */
export interface OtherTargets {
  /** Says a `target:judged` for each of the modules and each target; newest wins, none is lost. */
  judge(modules: readonly string[]): void;
  idle(): Promise<void>;
}

/** What is kept of one target: as if the last version that was good for it ran. */
interface Side {
  readonly target: Target;
  readonly records: Map<string, ModuleRecord>;
  /** Differences to the target that runs which were told already, by module. */
  readonly told: Map<string, string>;
  context: DryRunContext | null;
  /** The configuration that `context` was opened with. */
  openedWith: ResolvedConfig | null;
}

export function createOtherTargets(
  context: Context,
  openWorkshop: (config: ResolvedConfig) => Promise<Workshop>,
): OtherTargets {
  const sides = new Map<string, Side>();
  let waiting = new Set<string>();
  let working: Promise<void> | null = null;

  const sideOf = (target: Target): Side => {
    const known = sides.get(target.name);
    if (known !== undefined) return known;
    const side: Side = { target, records: new Map(), told: new Map(), context: null, openedWith: null };
    sides.set(target.name, side);
    return side;
  };

  const work = async (): Promise<void> => {
    while (waiting.size > 0 && !context.closing) {
      const modules = [...waiting];
      waiting = new Set();
      for (const target of context.config.otherTargets) await judgeFor(context, sideOf(target), modules, openWorkshop);
    }
  };

  return {
    judge(modules) {
      if (context.config.otherTargets.length === 0) return;
      for (const module of modules) waiting.add(module);
      working ??= work().finally(() => {
        working = null;
      });
    },
    idle: async () => {
      await working;
    },
  };
}

async function judgeFor(
  context: Context,
  side: Side,
  modules: readonly string[],
  openWorkshop: (config: ResolvedConfig) => Promise<Workshop>,
): Promise<void> {
  const { bus } = context;
  const target = side.target.name;
  const started = performance.now();
  try {
    const own = await contextFor(context, side, openWorkshop);
    const changed = modules.flatMap((name) => side.records.get(name) ?? []);
    const prepared = await prepareVerdicts(own, changed, { force: true });
    for (const [index, one] of prepared.entries()) {
      const record = changed[index];
      if (record === undefined || one.kind === 'superseded' || context.closing) continue;
      const differences = await differencesOf(context, side, own, record, one);
      const durationMs = performance.now() - started;
      bus.emit({
        type: 'target:judged',
        target,
        module: record.settings.name,
        ...verdictOf(one),
        differences,
        durationMs,
      });
      if (one.kind === 'ready') takeVersion(record, one);
    }
  } catch (error) {
    if (context.closing) return;
    const { code, message } = problemOf(error);
    bus.emit({ type: 'session:problem', code, message: `For ${target}: ${message}` });
  }
}

/** Opened anew where the configuration has changed, as the builder for what runs is. */
async function contextFor(
  { config }: Context,
  side: Side,
  openWorkshop: (config: ResolvedConfig) => Promise<Workshop>,
): Promise<DryRunContext> {
  if (side.context !== null && side.openedWith === config) return side.context;
  const { target, records } = side;
  // Editors are told of the target that runs.
  const build = { ...config.build, compileCommands: false };
  const own = { ...config, build, target, otherTargets: [], outDir: outDirOf(config.root, target) };
  const names = new Set(config.modules.map(({ name }) => name));
  for (const name of records.keys()) if (!names.has(name)) records.delete(name);
  for (const settings of config.modules) {
    const record = records.get(settings.name);
    if (record === undefined) records.set(settings.name, newRecord(settings));
    else record.settings = settings;
  }
  const { builder, engineLibrary } = await openWorkshop(own);
  // What the stages say one by one is about a build that nobody waits for; the verdict has it all.
  const bus = createBus();
  side.context = { bus, records, config: own, builder, engineLibrary, models: createModelReader(config.root, target) };
  side.openedWith = config;
  return side.context;
}

type Verdict = Pick<Extract<SessionEvent, { readonly type: 'target:judged' }>, 'outcome' | 'level' | 'reasons'>;

function verdictOf(one: Exclude<Prepared, { readonly kind: 'superseded' }>): Verdict {
  if (one.kind === 'unchanged') return { outcome: 'good', level: 'SAFE', reasons: [] };
  if (one.kind === 'ready') return { outcome: 'good', level: one.assessment.level, reasons: one.assessment.reasons };
  const outcome = one.outcome === 'buildFailed' ? 'buildFailed' : 'refused';
  return { outcome, level: one.level satisfies Level, reasons: one.reasons satisfies readonly Finding[] };
}

/** Between what runs and what was built for the other machine, as far as that was not said before. */
async function differencesOf(
  context: Context,
  side: Side,
  own: DryRunContext,
  { settings: { name } }: ModuleRecord,
  one: Exclude<Prepared, { readonly kind: 'superseded' }>,
): Promise<readonly string[]> {
  const running = context.records.get(name)?.running ?? null;
  if (one.kind !== 'ready' || running === null) return [];
  const [here, there] = await Promise.all([context.models.read(running.library), own.models.read(one.build.library)]);
  if (here.debug === null || there.debug === null) return [];
  const build = (target: Target, debug: typeof here.debug) => {
    const { charIsSigned, longDouble, pageSize } = target.properties;
    return { machine: target.name, debug, charIsSigned, longDouble, pageSize };
  };
  const found = machineDifferences(build(context.config.target, here.debug), build(side.target, there.debug));
  const text = found.join('\n');
  if (side.told.get(name) === text) return [];
  side.told.set(name, text);
  return found;
}
