import { relative } from 'node:path';
import { assess } from '../assess/assess.js';
import type { Assessment, AssessRequest } from '../assess/types.js';
import type { Builder, BuildResult } from '../build/types.js';
import type { ResolvedConfig } from '../config/resolved.js';
import type { Bus } from '../events/bus.js';
import type { Finding, Level, Outcome, Timings } from '../events/events.js';
import type { LibraryFacts, ModuleLibrary } from '../validate/types.js';
import { validate } from '../validate/validate.js';
import { conflictOf } from './conflict.js';
import { heldAtPin, pinnedStart } from './pins.js';
import { apiVersion, loadedModules, type ModuleRecord, type Pin } from './records.js';
import { type BothVersions, compareVersions, type ModelReader } from './types-of-both.js';

export interface PrepareRequest {
  readonly record: ModuleRecord;
  readonly records: ReadonlyMap<string, ModuleRecord>;
  readonly config: ResolvedConfig;
  readonly builder: Builder;
  readonly engineLibrary: string;
  readonly models: ModelReader;
  readonly bus: Bus;
  readonly signal: AbortSignal;
  readonly rebuild: boolean;
  /** Go on although the library is the one that runs already. */
  readonly force: boolean;
  readonly accepts: (assessment: Assessment) => boolean;
  /** Nothing will be loaded, so this verdict is the last word. Otherwise only a refusal is: the live values have a say. */
  readonly verdictOnly: boolean;
}

/** What became of one module on its way from source to a version that may be switched to. */
export type Prepared =
  | { readonly kind: 'superseded' }
  /** The library that runs is what the source gives. */
  | { readonly kind: 'unchanged'; readonly build: BuildResult }
  | {
      readonly kind: 'stopped';
      readonly outcome: Extract<Outcome, 'buildFailed' | 'refused' | 'failed'>;
      readonly level: Level;
      readonly reasons: readonly Finding[];
      readonly timings: Timings;
      readonly build: BuildResult;
    }
  | {
      readonly kind: 'ready';
      readonly file: LibraryFacts;
      readonly assessment: Assessment;
      /** What the verdict was asked; asked again with what shows after loading. */
      readonly asked: AssessRequest;
      /** Null at a first load. */
      readonly both: BothVersions | null;
      readonly timings: Timings;
      readonly build: BuildResult;
      /** Where the module starts at a pinned generation in place of what its source gives. */
      readonly pinned: Pin | null;
    };

/** Build, validate, assess: everything that only reads files. Emits what each stage found. */
export async function prepare(request: PrepareRequest): Promise<Prepared> {
  const { record, bus } = request;
  const module = record.settings.name;

  const built = await runBuild(request);
  if (built.superseded) return { kind: 'superseded' };
  const pinned = pinnedStart(record, built);
  const build = pinned === null ? built : { ...built, ok: true, library: pinned.library, hash: pinned.hash };
  const afterBuild: Timings = { build: build.durationMs };
  if (!build.ok) {
    const reasons = build.diagnostics
      .filter((diagnostic) => diagnostic.severity === 'error')
      .map(({ code, message }) => ({ code, message }));
    return { kind: 'stopped', outcome: 'buildFailed', level: 'BLOCKED', reasons, timings: afterBuild, build };
  }
  if (!request.force && record.running?.hash === build.hash) return { kind: 'unchanged', build };

  const startValidate = performance.now();
  const checked = await validate({
    library: build.library,
    module: record.settings,
    target: request.config.target,
    providers: {
      engine: { symbols: [], libraries: [request.engineLibrary] },
      modules: runningLibraries(request.records, module),
    },
  });
  const validateMs = performance.now() - startValidate;
  const { ok } = checked;
  const findings = checked.findings.map((finding) => inOwnWords(finding, build.library, request));
  bus.emit({ type: 'validate:done', module, ok, findings, durationMs: validateMs });

  const before = record.running ?? record.stopped;
  const startAssess = performance.now();
  const both =
    before === null || checked.facts === null
      ? null
      : await compareVersions(request.models, before, { library: build.library, file: checked.facts });
  const asked: AssessRequest = {
    module,
    findings,
    library: checked.facts,
    previous: before === null ? null : { library: before.file, running: before.loaded },
    loaded: loadedModules(request.records),
    apiVersion,
    root: request.config.root,
    types: both,
    staged: null,
    conflict: conflictOf(record, request.config.reload),
  };
  const assessment = assess(asked);
  const assessMs = performance.now() - startAssess;
  const { level, reasons } = assessment;
  const refused = checked.facts === null || !request.accepts(assessment);
  const held = heldAtPin(record);
  if (refused || held !== null || request.verdictOnly) sayVerdict(bus, module, assessment, assessMs);

  const timings: Timings = { ...afterBuild, validate: validateMs, assess: assessMs };
  if (checked.facts === null || refused) {
    return { kind: 'stopped', outcome: 'refused', level, reasons, timings, build };
  }
  if (held !== null) return { kind: 'stopped', outcome: 'refused', level, reasons: [held], timings, build };
  return { kind: 'ready', file: checked.facts, assessment, asked, both, timings, build, pinned };
}

/** Names the file that the user knows in place of our copy of it, whose name is a hash. */
function inOwnWords<F extends Finding & { readonly where: string }>(
  finding: F,
  library: string,
  { record, config }: PrepareRequest,
): F {
  const { output } = record.settings.build;
  const known = output === null ? `the library of ${record.settings.name}` : relative(config.root, output);
  const where = finding.where === library ? '' : finding.where;
  return { ...finding, where, message: finding.message.replaceAll(library, known) };
}

export function sayVerdict(bus: Bus, module: string, assessment: Assessment, durationMs: number): void {
  const { level, reasons, affected } = assessment;
  bus.emit({ type: 'assess:done', module, level, reasons, affected, durationMs });
}

async function runBuild(request: PrepareRequest): Promise<BuildResult> {
  const { bus, builder, record, signal, rebuild } = request;
  const module = record.settings.name;
  bus.emit({ type: 'build:start', module });
  const result = await builder.build(record.settings, {
    signal,
    rebuild,
    onProgress: (done, total) => bus.emit({ type: 'build:progress', module, done, total }),
  });
  if (!result.superseded) {
    for (const diagnostic of result.diagnostics) bus.emit({ type: 'build:diagnostic', module, ...diagnostic });
  }
  const { ok, cached, superseded, durationMs } = result;
  const count = (severity: string): number => result.diagnostics.filter((one) => one.severity === severity).length;
  const counts = { errors: count('error'), warnings: count('warning') };
  bus.emit({ type: 'build:done', module, ok, cached, superseded, ...counts, durationMs });
  return result;
}

export function runningLibraries(records: ReadonlyMap<string, ModuleRecord>, except: string): readonly ModuleLibrary[] {
  return [...records.values()].flatMap(({ settings, running }) =>
    running === null || settings.name === except ? [] : [{ name: settings.name, library: running.library }],
  );
}
