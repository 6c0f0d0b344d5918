import { join, resolve } from 'node:path';
import type { Diagnostic } from '../events/events.js';
import { contentHash } from '../files/hash.js';
import type { SharedCache } from './cache/shared-cache.js';
import { readDependencyFile } from './dependencies.js';
import { parseCompilerOutput, shownPath } from './diagnostics.js';
import { compileFailure, vanished } from './failures.js';
import { type Hashed, isYoung } from './hashes.js';
import { type NameCache, searchIncludes } from './includes.js';
import type { CachedObject, ObjectCache } from './objects.js';
import type { Precompiled, PrecompiledUse } from './pch/precompiled.js';
import type { CompileStep } from './steps.js';
import type { Surroundings } from './surroundings.js';
import { notRun, type ToolRun, toolRunOf } from './tool-run.js';

/** What compiling needs of the world around it; the same for every unit of a build but for `index`. */
export interface CompileContext extends Surroundings {
  readonly names: NameCache;
  readonly objects: ObjectCache;
  readonly precompiled: Precompiled;
  readonly now: () => number;
  /** Undefined where nothing is shared with other projects. */
  readonly shared: SharedCache | undefined;
  /** Files that went into this source the last time; they are watched for edits while the compiler runs. */
  inputsBefore(source: string): readonly string[];
}

export interface UnitResult {
  readonly source: string;
  readonly ok: boolean;
  readonly cached: boolean;
  readonly superseded: boolean;
  readonly settled: boolean;
  /** What to link; null where there is none. */
  readonly object: { readonly path: string; readonly hash: string } | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute path -> content hash, the source among them. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly absent: readonly string[];
  readonly tool: ToolRun;
  readonly durationMs: number;
}

/** One translation unit: from the cache where its source, headers and flags are known, else by the compiler. */
export async function compileUnit(unit: CompileStep, index: number, context: CompileContext): Promise<UnitResult> {
  const started = performance.now();
  const outcome =
    (context.rebuild ? undefined : findCached(unit, context)) ??
    (await context.limiter.run(context.signal, () => findShared(unit, index, context))) ??
    superseded(unit);
  return { ...outcome, durationMs: performance.now() - started };
}

type Outcome = Omit<UnitResult, 'durationMs'>;

function findCached(unit: CompileStep, context: CompileContext): Outcome | undefined {
  const source = context.hashes.of(unit.source);
  if (source === undefined) return undefined;
  const hit = context.objects.find(unitKey(unit, source.hash, context));
  return hit === undefined ? undefined : success(unit, source.hash, hit, true, context);
}

/** What another project or session of the user made of the same, else what the compiler makes of it, for others too. */
async function findShared(unit: CompileStep, index: number, context: CompileContext): Promise<Outcome> {
  const { shared, hashes, rebuild } = context;
  const source = shared === undefined ? undefined : hashes.of(unit.source);
  if (shared === undefined || source === undefined) return compile(unit, index, context);
  const key = unitKey(unit, source.hash, context);
  // A save of what was built before does not wait for anything.
  const isFirst = context.inputsBefore(unit.source).length === 0;
  const draft = await shared.draft(unit, source.hash, isFirst, context);
  const taken = draft === undefined || rebuild ? undefined : await shared.take(draft, key, index, context);
  if (taken !== undefined) return success(unit, source.hash, taken, true, context);
  const outcome = await compile(unit, index, context);
  const isWhole = outcome.ok && outcome.settled && outcome.inputs.get(unit.source) === source.hash;
  // What is shared is what the compiler makes of the sources by itself, to the byte.
  if (outcome.tool.precompiled) return outcome;
  if (draft !== undefined && isWhole) shared.keepLater(draft, key, context);
  return outcome;
}

/**
 * With a precompiled header where there is one. Whatever does not go well with it is done again without: an error in the
 * source is then told in the compiler's usual words, and what was read while it changed is read by one compiler alone.
 */
async function compile(unit: CompileStep, index: number, context: CompileContext): Promise<Outcome> {
  const { hashes, precompiled } = context;
  const source = context.rebuild ? undefined : hashes.of(unit.source);
  const use = source === undefined ? undefined : precompiled.use(unit, source.hash);
  if (use !== undefined) {
    const made = await compileOnce(unit, index, context, use);
    const tells = made.diagnostics.some(({ rendered }) =>
      [use.virtual, ...use.headers].some((path) => rendered.includes(path)),
    );
    if (made.superseded || (made.ok && made.settled && !tells)) return made;
    // What it tells of a header has the header's absolute path, and may lead over a file that nobody has.
    if (made.ok && tells) precompiled.leave(use);
    const again = await compileOnce(unit, index, context, undefined);
    if (made.ok || !again.ok || !again.settled) return again;
    const fallback = `precompiled header: ${made.diagnostics[0]?.message ?? 'it failed'}`;
    precompiled.failed(unit, use, made.diagnostics[0]?.message ?? 'the compiler printed nothing');
    return { ...again, tool: { ...again.tool, fallback } };
  }
  const isEdit = context.inputsBefore(unit.source).length > 0;
  const started = performance.now();
  const made = await compileOnce(unit, index, context, undefined);
  const headers = [...made.inputs.keys()].filter((path) => path !== unit.source);
  if (isEdit && made.ok && made.settled) precompiled.compiled(unit, headers, performance.now() - started);
  return made;
}

async function compileOnce(
  unit: CompileStep,
  index: number,
  context: CompileContext,
  precompiled: PrecompiledUse | undefined,
): Promise<Outcome> {
  const { hashes, cwd } = context;
  const where = { searchDirs: unit.searchDirs, cwd };
  const before = snapshot(unit, context);
  const source = before.get(unit.source);
  if (source === undefined) return gone(unit, context);

  const object = join(context.tempDir, `${index}.o`);
  const dependencies = join(context.tempDir, `${index}.d`);
  const startedMs = context.now();
  const [program = unit.command, ...words] = [...unit.launcher, unit.command];
  const running = context.run({
    file: program,
    args: [
      ...words,
      ...unit.flags,
      ...ownFlags(dependencies),
      ...(precompiled?.flags ?? []),
      ...['-c', unit.input, '-o', object],
    ],
    cwd,
    env: context.env,
    baseEnv: context.baseEnv,
    shell: false,
    signal: context.signal,
    makes: object,
  });
  // The search is done while the compiler runs, so that it costs nothing where a core is free.
  const guess = searchIncludes(unit.source, [], where, hashes, context.names);
  const result = await running;
  if (result.cancelled) return superseded(unit);

  const listed = dependenciesOf(dependencies, cwd, precompiled);
  const extra = listed?.filter((path) => path !== unit.source && !guess.reached.includes(path)) ?? [];
  const search = extra.length === 0 ? guess : searchIncludes(unit.source, extra, where, hashes, context.names);
  const used = new Set(listed === undefined ? search.reached : [...listed, ...search.byAssembler]);
  used.delete(unit.source);
  const after = observe([unit.source, ...used], before, startedMs, context);
  // A header that appeared meanwhile where the search would find it first: the compiler may or may not have seen it.
  const shadowed =
    search.absent.some((path) => hashes.of(path) !== undefined) ||
    search.reached.some((path) => !used.has(path) && isYoung(hashes.of(path), startedMs));
  const settled = after.settled && !shadowed;

  const ok = result.exitCode === 0;
  const tool = toolRunOf(result, precompiled !== undefined);
  if (!ok) {
    return {
      ...superseded(unit),
      superseded: false,
      settled,
      diagnostics: compileFailure(result, program, unit.source, context),
      inputs: after.inputs,
      absent: search.absent,
      tool,
    };
  }
  const headers = [...after.inputs].filter(([path]) => path !== unit.source);
  const made = { object, headers, absent: search.absent, output: result.output };
  if (settled) {
    const stored = context.objects.store(unitKey(unit, source.hash, context), made);
    return { ...success(unit, source.hash, stored, false, context), tool };
  }
  // What was compiled is a mix of before and after: it may be linked and tried, but never found again by these inputs.
  const hash = hashes.once(object)?.hash ?? '';
  return { ...success(unit, source.hash, { ...made, path: object, hash }, false, context), tool, settled: false };
}

/**
 * Dependencies under a fixed target name (nothing in it needs escaping); no colours, whatever the terminal; one file a
 * process, because a second source would overwrite the first one's dependencies.
 */
function ownFlags(dependencies: string): readonly string[] {
  return ['-fdiagnostics-color=never', '-MMD', '-MF', dependencies, '-MT', 'object'];
}

function unitKey(unit: CompileStep, sourceHash: string, context: CompileContext): string {
  const { command, flags, input } = unit;
  return contentHash(JSON.stringify(['unit 1', context.identity, context.cwd, command, flags, input, sourceHash]));
}

/** Stamps and contents of every file that is known to go in, taken before the compiler starts. */
function snapshot(unit: CompileStep, context: CompileContext): ReadonlyMap<string, Hashed> {
  const { hashes, names, cwd } = context;
  const last = context.inputsBefore(unit.source);
  const known =
    last.length > 0
      ? last
      : searchIncludes(unit.source, [], { searchDirs: unit.searchDirs, cwd }, hashes, names).reached;
  const found = new Map<string, Hashed>();
  for (const path of [unit.source, ...known]) {
    const hashed = hashes.of(path);
    if (hashed !== undefined) found.set(path, hashed);
  }
  return found;
}

/**
 * Looks at every input again after the compiler ended. A file seen before must still have the same stamp, and the same
 * content too, because two writes within one tick of the clock share a stamp. A file nobody knew of must be older than
 * the compiler's start, else it may have been written after the compiler read it.
 */
function observe(
  paths: readonly string[],
  before: ReadonlyMap<string, Hashed>,
  startedMs: number,
  context: CompileContext,
): { readonly inputs: ReadonlyMap<string, string>; readonly settled: boolean } {
  const inputs = new Map<string, string>();
  let settled = true;
  for (const path of paths) {
    const now = context.hashes.of(path);
    const then = before.get(path);
    if (
      then === undefined
        ? now === undefined || isYoung(now, startedMs)
        : now?.stamp !== then.stamp || now.hash !== then.hash
    ) {
      settled = false;
    }
    const hash = then?.hash ?? now?.hash;
    if (hash !== undefined) inputs.set(path, hash);
  }
  return { inputs, settled };
}

/** Absolute. What clang lists of a precompiled header is not relied upon. */
function dependenciesOf(path: string, cwd: string, precompiled: PrecompiledUse | undefined) {
  const listed = readDependencyFile(path)?.map((one) => resolve(cwd, one));
  if (listed === undefined || precompiled === undefined) return listed;
  return [...new Set([...listed, ...precompiled.headers])].filter((one) => one !== precompiled.virtual);
}

function success(
  unit: CompileStep,
  sourceHash: string,
  object: CachedObject,
  cached: boolean,
  context: CompileContext,
): Outcome {
  return {
    source: unit.source,
    ok: true,
    cached,
    superseded: false,
    settled: true,
    object: { path: object.path, hash: object.hash },
    diagnostics: object.output === '' ? [] : parseCompilerOutput(object.output, context),
    inputs: new Map([[unit.source, sourceHash], ...object.headers]),
    absent: object.absent,
    tool: notRun,
  };
}

function superseded(unit: CompileStep): Outcome {
  return {
    source: unit.source,
    ok: false,
    cached: false,
    superseded: true,
    settled: false,
    object: null,
    diagnostics: [],
    inputs: new Map(),
    absent: [],
    tool: notRun,
  };
}

function gone(unit: CompileStep, context: CompileContext): Outcome {
  return { ...superseded(unit), superseded: false, diagnostics: [vanished(shownPath(unit.source, context))] };
}
