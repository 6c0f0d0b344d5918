import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import { parseCompilerOutput, problem, shownPath } from './diagnostics.js';
import { tookTooLong } from './failures.js';
import type { GenerationStore } from './generations.js';
import type { FileHashes, Hashed } from './hashes.js';
import type { Limiter } from './limiter.js';
import type { Run, RunResult } from './run.js';
import { isHeader, isSource, listFiles } from './sources.js';

export interface CommandContext {
  readonly config: ResolvedConfig;
  readonly tempDir: string;
  /** HOTMOD_* variables that tell the command where things are. */
  readonly env: Readonly<Record<string, string>>;
  readonly baseEnv: Readonly<Record<string, string>> | undefined;
  readonly groupsDir: string | undefined;
  readonly signal: AbortSignal;
  readonly hashes: FileHashes;
  readonly generations: GenerationStore;
  readonly limiter: Limiter;
  readonly run: Run;
}

export interface CommandResult {
  readonly ok: boolean;
  readonly superseded: boolean;
  readonly settled: boolean;
  readonly library: string;
  readonly hash: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Files of the module's folder as they were when the command ended, its own products left out. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Files that the command itself wrote, absolute. */
  readonly products: ReadonlySet<string>;
  readonly durationMs: number;
}

/**
 * Runs a module's own build command and takes the library it leaves. The command runs every time: what it reads is
 * known to it alone, and make, cmake and cargo skip what is up to date better than a guess from outside.
 */
export async function runCommand(
  module: ResolvedModule,
  command: string,
  output: string,
  knownProducts: ReadonlySet<string>,
  context: CommandContext,
): Promise<CommandResult> {
  const started = performance.now();
  const before = look(module, output, context);
  const request = {
    file: command,
    args: [],
    cwd: module.dir,
    env: context.env,
    baseEnv: context.baseEnv,
    ...(context.groupsDir === undefined ? {} : { groupsDir: context.groupsDir }),
    shell: true,
    signal: context.signal,
  };
  const result = await context.limiter.run(context.signal, () => context.run(request));
  const changes = compare(before, look(module, output, context), knownProducts);
  const base = { ok: false, superseded: false, library: '', hash: '', diagnostics: [], ...changes } as const;
  const timed = <T extends object>(outcome: T) => ({ ...outcome, durationMs: performance.now() - started });
  if (result === undefined || result.cancelled) return timed({ ...base, superseded: true, settled: false });

  const origin = { cwd: module.dir, root: context.config.root };
  const messages = parseCompilerOutput(result.output, origin);
  const late = tookTooLong(result, `the build command \`${command}\``, '');
  if (late !== undefined) return timed({ ...base, diagnostics: [...messages, late] });
  if (result.exitCode !== 0) return timed({ ...base, diagnostics: [...messages, commandFailed(command, result)] });
  const warnings = messages.filter((one) => one.severity !== 'error');
  const taken = takeOutput(module, output, context);
  if (taken === undefined)
    return timed({ ...base, diagnostics: [...warnings, noOutput(command, shownPath(output, origin))] });
  return timed({ ...base, ...taken, ok: true, diagnostics: warnings });
}

/**
 * Copies the output into a generation named by its content. Only after the command has ended, and only where the file
 * did not change while it was copied: something left running in the background may still write.
 */
function takeOutput(module: ResolvedModule, output: string, context: CommandContext) {
  const made = context.hashes.of(output);
  if (made === undefined || made.size === 0) return undefined;
  const found = context.generations.find(module.name, made.hash);
  if (found !== undefined) return { library: found, hash: made.hash };
  mkdirSync(context.tempDir, { recursive: true });
  const copy = join(context.tempDir, 'library');
  copyFileSync(output, copy, constants.COPYFILE_FICLONE);
  if (context.hashes.once(copy)?.hash !== made.hash || context.hashes.of(output)?.stamp !== made.stamp)
    return undefined;
  return { library: context.generations.put(module.name, made.hash, copy), hash: made.hash };
}

function look(module: ResolvedModule, output: string, { config, hashes }: CommandContext): ReadonlyMap<string, Hashed> {
  const found = new Map<string, Hashed>();
  for (const path of listFiles(module, config)) {
    const hashed = path === output ? undefined : hashes.of(path);
    if (hashed !== undefined) found.set(path, hashed);
  }
  return found;
}

/**
 * Tells the command's own products from edits made while it ran. A new or changed file that is no source is a product.
 * A source that changed may be either, an edit or a generated file, so the build counts as unsettled once; where the
 * command changes it in the next run again, it is a product.
 */
function compare(
  before: ReadonlyMap<string, Hashed>,
  after: ReadonlyMap<string, Hashed>,
  knownProducts: ReadonlySet<string>,
) {
  const products = new Set(knownProducts);
  const inputs = new Map<string, string>();
  let settled = [...before.keys()].every((path) => after.has(path) || products.has(path) || !isText(path));
  for (const [path, now] of after) {
    if (before.get(path)?.hash !== now.hash) {
      if (isText(path) && !products.has(path)) settled = false;
      products.add(path);
    }
    if (!products.has(path) || isText(path)) inputs.set(path, now.hash);
  }
  return { products, inputs, settled };
}

function isText(path: string): boolean {
  return isSource(path) || isHeader(path) || /\.(?:rs|zig|swift|go|toml|txt|cmake|mk)$|akefile$/.test(path);
}

function commandFailed(command: string, result: RunResult): Diagnostic {
  const how = result.startError !== '' ? `could not be started (${result.startError})` : ended(result);
  const tail = result.output.trimEnd().split('\n').slice(-40).join('\n');
  const message = `the build command \`${command}\` ${how}`;
  return problem('HM207', message, { rendered: tail === '' ? `error: ${message}` : `error: ${message}\n${tail}` });
}

function ended(result: RunResult): string {
  return result.signal === '' ? `ended with code ${result.exitCode}` : `was ended by ${result.signal}`;
}

function noOutput(command: string, file: string): Diagnostic {
  return problem(
    'HM208',
    `the build command \`${command}\` succeeded, but left no whole library at ${file}; check build.output`,
    {
      file,
    },
  );
}
