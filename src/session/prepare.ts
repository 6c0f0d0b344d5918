import { relative } from 'node:path';
import { assess } from '../assess/assess.js';
import type { Assessment, AssessRequest } from '../assess/types.js';
import type { BuildResult } from '../build/types.js';
import type { ResolvedConfig } from '../config/resolved.js';
import type { Bus } from '../events/bus.js';
import type { Finding, Timings } from '../events/events.js';
import type { LibraryFacts, ModuleLibrary, ValidationFinding } from '../validate/types.js';
import { validate } from '../validate/validate.js';
import { type BuildModuleRequest, type Built, buildModule, type Stopped } from './build-module.js';
import { byDependency } from './by-dependency.js';
import { type Dependants, dependantsOf, findFixed, findVersionDown } from './conflicts/find-conflicts.js';
import type { JobConflicts } from './conflicts/job-conflicts.js';
import { engineProvides } from './engine-provides.js';
import { heldAtPin } from './generations/pins.js';
import { keepLinkedObjects } from './linked-objects.js';
import { findMissing, neighboursOf } from './needs.js';
import { apiVersion, loadedModule, type ModuleRecord, type Pin } from './records.js';
import { type BothVersions, compareVersions, type ModelReader } from './types-of-both.js';

export interface PrepareRequest extends BuildModuleRequest {
  /** What changed together, providers first. */
  readonly changed: readonly ModuleRecord[];
  /** All modules of the session. */
  readonly records: ReadonlyMap<string, ModuleRecord>;
  readonly config: ResolvedConfig;
  readonly engineLibrary: string;
  readonly models: ModelReader;
  readonly accepts: (assessment: Assessment) => boolean;
  readonly conflicts: JobConflicts;
  /** Nothing will be loaded, so this verdict is the last word. Otherwise only a refusal is: the live values have a say. */
  readonly verdictOnly: boolean;
}

/** A version that passed every check that only reads files. */
export interface ReadyVersion {
  readonly kind: 'ready';
  readonly file: LibraryFacts;
  readonly assessment: Assessment;
  /** What the verdict was asked; asked again with what shows after loading. */
  readonly asked: AssessRequest;
  /** Null at a first load. */
  readonly both: BothVersions | null;
  /** The generation that it was compared with; null at a first load. */
  readonly replaces: number | null;
  readonly timings: Timings;
  readonly build: BuildResult;
  /** Where the module starts at a pinned generation in place of what its source gives. */
  readonly pinned: Pin | null;
}

/** What became of one module on its way from source to a version that may be switched to. */
export type Prepared = Exclude<Built, { readonly kind: 'built' }> | ReadyVersion;

/**
 * Build, validate, assess: everything that only reads files. Modules that changed together are judged together: what one
 * of them no longer exports harms nobody where those who used it have changed in the same save. Emits what each stage
 * found.
 */
export async function prepare(request: PrepareRequest): Promise<readonly Prepared[]> {
  const built = await Promise.all(request.changed.map((record) => buildModule(record, request)));
  if (built.some((one) => one.kind === 'superseded')) return built.map(() => ({ kind: 'superseded' }));

  const places = placesOf(request);
  const libraries = librariesAfter(request, built);
  const surroundings: Surroundings = {
    libraries: [...libraries].map(([name, library]) => ({ name, library })),
    neighbours: neighboursOf(request.records, {
      runs: (module) => libraries.has(module),
      isNew: (module) => places.has(module),
    }),
  };
  const deadline = createDeadline(request.config.timeouts.validate);
  const checked = await Promise.all(
    request.changed.map(async (record, n) => {
      const one = built[n];
      return one?.kind === 'built' && !deadline.isOver() ? check(request, record, one, surroundings) : null;
    }),
  );
  const loaded = [...request.records.values()].flatMap((record) => {
    const fresh = checked[places.get(record.settings.name) ?? -1]?.facts ?? null;
    const facts = fresh ?? record.running?.file ?? null;
    return facts === null ? [] : [loadedModule(record.settings, facts, fresh !== null)];
  });
  const others: Loaded = {
    changed: new Set(loaded.filter((one) => one.changed).map((one) => one.name)),
    users: byDependency(loaded, ({ dependencies }) => dependencies),
    dependants: dependantsOf(request.records),
  };
  return Promise.all(
    built.map(async (one, n): Promise<Prepared> => {
      const [record, found] = [request.changed[n], checked[n] ?? null];
      if (one.kind !== 'built') return one;
      if (deadline.isOver()) return tooLate(one, request.config.timeouts.validate);
      if (record === undefined || found === null) throw new Error('prepare: a library was built that nobody asked for');
      return judge(request, record, one, found, others, deadline);
    }),
  );
}

/** What modules are validated against; the same for all of them. */
interface Surroundings {
  readonly libraries: readonly ModuleLibrary[];
  readonly neighbours: ReturnType<typeof neighboursOf>;
}

interface Loaded {
  readonly changed: ReadonlySet<string>;
  /** By the module that they declare as a dependency: the verdict on it looks at no others. */
  readonly users: ReadonlyMap<string, AssessRequest['loaded']>;
  /** The same of all modules, whether they run or not. */
  readonly dependants: Dependants;
}

/** Where each of the modules that changed stands among them. */
function placesOf({ changed }: PrepareRequest): ReadonlyMap<string, number> {
  return new Map(changed.map(({ settings }, place) => [settings.name, place]));
}

interface Deadline {
  isOver(): boolean;
}

/** One step of the reading cannot be interrupted, so that it is asked between two of them. */
function createDeadline(limitMs: number): Deadline {
  const start = performance.now();
  let over = false;
  return {
    isOver() {
      over ||= limitMs > 0 && performance.now() - start > limitMs;
      return over;
    },
  };
}

function tooLate({ build, timings }: BuiltLibrary, limitMs: number): Stopped {
  const message = `Reading the new libraries took longer than ${limitMs} ms (timeouts.validate), so they were not loaded.`;
  return {
    kind: 'stopped',
    outcome: 'failed',
    level: 'BLOCKED',
    reasons: [{ code: 'HM537', message }],
    timings,
    build,
  };
}

/** The library that each module will have when all that was built has been switched to. */
function librariesAfter(request: PrepareRequest, built: readonly Built[]): ReadonlyMap<string, string> {
  const places = placesOf(request);
  const libraries = new Map<string, string>();
  for (const record of request.records.values()) {
    const one = built[places.get(record.settings.name) ?? -1];
    const fresh = one?.kind === 'built' || one?.kind === 'unchanged' ? one.build.library : null;
    const library = fresh ?? record.running?.library ?? null;
    if (library !== null) libraries.set(record.settings.name, library);
  }
  return libraries;
}

type BuiltLibrary = Extract<Built, { readonly kind: 'built' }>;

interface Checked {
  readonly findings: readonly ValidationFinding[];
  readonly facts: LibraryFacts | null;
  readonly durationMs: number;
}

async function check(
  request: PrepareRequest,
  record: ModuleRecord,
  { build }: BuiltLibrary,
  { libraries, neighbours }: Surroundings,
): Promise<Checked> {
  const start = performance.now();
  const module = record.settings.name;
  const missing = findMissing(record.settings, neighbours);
  if (request.config.target.objectFormat === 'mach-o') await keepLinkedObjects(build.library);
  const { facts, findings: found } = await validate({
    library: build.library,
    module: record.settings,
    target: request.config.target,
    providers: {
      engine: engineProvides(request.engineLibrary),
      modules: libraries,
    },
  });
  // Symbols of a module that is not there are missing for that one reason.
  const own = missing.length > 0 ? found.filter(({ code }) => code !== 'HM307') : found;
  const findings = [...missing, ...own].map((finding) => inOwnWords(finding, build.library, record, request));
  const durationMs = performance.now() - start;
  request.bus.emit({ type: 'validate:done', module, ok: findings.length === 0, findings, durationMs });
  return { facts, findings, durationMs };
}

async function judge(
  request: PrepareRequest,
  record: ModuleRecord,
  built: BuiltLibrary,
  checked: Checked,
  others: Loaded,
  deadline: Deadline,
): Promise<ReadyVersion | Stopped> {
  const { build, timings: afterBuild, pinned } = built;
  const module = record.settings.name;
  const loaded = others.users.get(module) ?? [];
  const before = record.running ?? record.stopped;
  const start = performance.now();
  const { facts, findings } = checked;
  const both =
    before === null || facts === null
      ? null
      : await compareVersions(request.models, before, { library: build.library }, loaded.length > 0);
  if (deadline.isOver()) return tooLate(built, request.config.timeouts.validate);
  const asked: AssessRequest = {
    module,
    version: record.settings.version,
    findings,
    library: facts,
    previous:
      before === null ? null : { version: before.settings.version, library: before.file, running: before.loaded },
    loaded,
    apiVersion,
    root: request.config.root,
    types: both,
    staged: null,
    conflicts: conflictsOf(request, record, checked, others),
  };
  const assessment = assess(asked);
  const assessMs = performance.now() - start;
  const { level, reasons } = assessment;
  const refused = facts === null || !request.accepts(assessment);
  const held = heldAtPin(record);
  if (refused || held !== null || request.verdictOnly) sayVerdict(request.bus, module, assessment, assessMs);

  const timings: Timings = { ...afterBuild, validate: checked.durationMs, assess: assessMs };
  const stopped = { kind: 'stopped', outcome: 'refused', level, timings, build } as const;
  if (facts === null || refused) return { ...stopped, reasons };
  if (held !== null) return { ...stopped, reasons: [held] };
  const replaces = before?.generation ?? null;
  return { kind: 'ready', file: facts, assessment, asked, both, replaces, timings, build, pinned };
}

function conflictsOf(
  { conflicts, records }: PrepareRequest,
  record: ModuleRecord,
  { findings, facts }: Checked,
  { changed, dependants }: Loaded,
): AssessRequest['conflicts'] {
  const { name, version } = record.settings;
  const about = { record, version, findings, facts, records, changed, dependants };
  conflicts.askAgain(record);
  for (const found of [...findVersionDown(about), ...findFixed(about)]) conflicts.decide(found);
  return conflicts.of(name);
}

/** Names the file that the user knows in place of our copy of it, whose name is a hash. */
function inOwnWords<F extends Finding & { readonly where: string }>(
  finding: F,
  library: string,
  record: ModuleRecord,
  { config }: PrepareRequest,
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
