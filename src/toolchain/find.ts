import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, HotmodError } from '../errors.js';
import type { Target } from '../target/targets.js';
import { type Environment, type ProbedCompiler, probeCompiler, probeLinker, probeLinkerAt, stampOf } from './probe.js';
import { runTool } from './run-tool.js';
import { checkNamedSdk } from './sdk.js';
import type { Toolchain } from './types.js';
import { numbered, which } from './which.js';

export interface ToolchainRequest {
  /** A name or an absolute path; null means: the best clang. */
  readonly compiler: string | null;
  /** A `-fuse-ld=` name or an absolute path; null means: the first of the target's linkers that is there. */
  readonly linker: string | null;
  readonly target: Target;
  /** Whether the tools stay loaded between builds; with some linkers that saves more than with others. */
  readonly warm?: boolean;
  /** Only PATH is looked at; the rest is handed on to the programs that are asked. */
  readonly env: Environment;
}

const oldestClang = 14;
const oldestGcc = 10;
const linkerNames = ['mold', 'lld', 'bfd', 'ld'] as const;

/**
 * Finds the compiler and the linker for a target. What was found is kept in memory as long as the two programs on
 * disk stay what they were, so that asking again before every build costs two stat calls.
 *
 * @throws HotmodError HM204 no compiler, HM205 compiler too old, HM206 no linker, HM215 a compiler for this machine alone,
 *   HM216 a target or processor that it does not know, HM587 an SDK that is not there; all with exit code 3
 */
export async function findToolchain(request: ToolchainRequest): Promise<Toolchain> {
  await checkNamedSdk(request);
  const { compiler: compilerName, linker: linkerName, warm = false } = request;
  const { triple, compileArgs, linkers } = request.target;
  const key = JSON.stringify([compilerName, linkerName, triple, compileArgs, linkers, warm, request.env.PATH]);
  const known = remembered.get(key);
  if (known !== undefined && (await stampsOf(known.toolchain)) === known.stamps) return known.toolchain;

  const { compiler, identity } = await findCompiler(request);
  await checkTarget(compiler, request);
  const [cxx, linker] = await Promise.all([findCxx(compiler.path, compiler.kind), findLinker(compiler, request)]);
  const toolchain = { compiler, cxx, linker, identity };
  remembered.set(key, { toolchain, stamps: await stampsOf(toolchain) });
  return toolchain;
}

const remembered = new Map<string, { readonly toolchain: Toolchain; readonly stamps: string }>();

async function stampsOf({ compiler, linker }: Pick<Toolchain, 'compiler' | 'linker'>): Promise<string> {
  return (await Promise.all([stampOf(compiler.path), stampOf(linker.path)])).join(' ');
}

async function findCompiler(request: ToolchainRequest): Promise<ProbedCompiler> {
  const searchPath = request.env.PATH ?? '';
  let tooOld: ProbedCompiler | undefined;
  for await (const file of candidates(request.compiler, searchPath)) {
    const probed = await probeCompiler(file, request.env);
    if (probed === null) continue;
    if (!isTooOld(probed)) return probed;
    tooOld ??= probed;
  }
  if (tooOld !== undefined) throw compilerTooOld(tooOld);
  throw request.compiler === null ? noClang(searchPath) : noSuchCompiler(request.compiler);
}

/** The plain name first, because it is what the machine's owner chose; then the highest number. */
async function* candidates(given: string | null, searchPath: string): AsyncGenerator<string> {
  const plain = await which(given ?? 'clang', searchPath);
  if (plain !== null) yield plain;
  if (given === null) yield* await numbered('clang', searchPath);
}

function isTooOld({ compiler }: ProbedCompiler): boolean {
  return compiler.version < (compiler.kind === 'gcc' ? oldestGcc : oldestClang);
}

/** A compiler is asked only where something is asked of it that it may not know: this machine it can build for. */
async function checkTarget(compiler: Toolchain['compiler'], { target, env }: ToolchainRequest): Promise<void> {
  const { name, triple, compileArgs, cpu } = target;
  if (triple !== '' && compiler.kind === 'gcc') {
    const message = `${compiler.path} is a gcc, which builds for one machine only, and the target is ${name}.`;
    throw missing('HM215', message, 'Remove `build.compiler` (and HOTMOD_COMPILER), or name a clang there.');
  }
  const isPlain = cpu.name === 'generic' && cpu.features.length === 0;
  if (triple === '' && isPlain) return;
  const args = [
    ...(triple === '' ? [] : [`--target=${triple}`]),
    ...compileArgs,
    '-fsyntax-only',
    '-x',
    'c',
    '/dev/null',
  ];
  const { exit, text } = await runTool(compiler.path, args, { env });
  if (exit === 0) return;
  const said = text.split('\n').find((line) => line.includes('error')) ?? text.split('\n')[0] ?? '';
  const what = isPlain ? name : `the processor ${[cpu.name, ...cpu.features].join('+')}`;
  const message = `${compiler.path} (${compiler.versionText}) does not know ${what}: ${said.trim()}`;
  throw missing('HM216', message, 'Take an older processor of the same family, or a newer clang.');
}

/** `clang++` beside `clang`, `clang++-14` beside `clang-14`, `g++-12` beside `gcc-12`; through a link where needed. */
async function findCxx(compiler: string, kind: Toolchain['compiler']['kind']): Promise<string> {
  for (const file of [compiler, await realpath(compiler)]) {
    const name = path.basename(file);
    const cxx = kind === 'gcc' ? name.replace('gcc', 'g++') : name.replace('clang', 'clang++');
    const bare = cxx.replace(/-\d+$/, '');
    for (const candidate of [cxx, bare]) {
      if (candidate === name) continue;
      const found = await which(path.join(path.dirname(file), candidate), '');
      if (found !== null) return found;
    }
  }
  // A lone `cc` still compiles C++; a link that lacks the C++ library then says so by name.
  return compiler;
}

async function findLinker(compiler: Toolchain['compiler'], request: ToolchainRequest): Promise<Toolchain['linker']> {
  const { linker: given, target, env } = request;
  if (given !== null && path.isAbsolute(given)) {
    const found = await probeLinkerAt(compiler, given, env);
    if (found !== null) return found;
    throw noLinker(compiler, [given], target);
  }
  const names = given === null ? linkersOf(target, (request.warm ?? false) && compiler.kind === 'clang') : [given];
  for (const name of linkerNames.filter((known) => names.includes(known)).sort(byOrderOf(names))) {
    const found = await probeLinker(compiler, name, env);
    if (found !== null) return found;
  }
  throw noLinker(compiler, names, target);
}

/**
 * Of a link of 14 ms mold saves only 3 by being loaded already, the rest is its threads; lld, told to do with one thread
 * (`build/link.ts`), takes 9. The driver of gcc starts its linker itself.
 */
function linkersOf(target: Target, warm: boolean): readonly string[] {
  if (!warm || !target.linkers.includes('lld')) return target.linkers;
  return ['lld', ...target.linkers.filter((name) => name !== 'lld')];
}

function byOrderOf(names: readonly string[]) {
  return (a: string, b: string): number => names.indexOf(a) - names.indexOf(b);
}

const install = installFor('');

function installFor(target: string): string {
  const which = target === '' ? '' : ` --target ${target}`;
  return `Run \`hotmod doctor --fix${which}\`: it shows the command that installs it, and runs it.`;
}

function noClang(searchPath: string): HotmodError {
  // npm puts folders of packages before the PATH of the machine; nobody expects a compiler there.
  const folders = searchPath.split(path.delimiter).filter((folder) => !/\/node_modules\/|\/node-gyp-bin$/.test(folder));
  return missing('HM204', `No clang was found on PATH (${folders.join(path.delimiter)}).`, install);
}

function noSuchCompiler(name: string): HotmodError {
  return missing(
    'HM204',
    `The compiler "${name}" of the config does not exist, or does not run.`,
    'Correct `build.compiler` (or HOTMOD_COMPILER), or remove it so that hotmod looks for clang itself.',
  );
}

function compilerTooOld({ compiler }: ProbedCompiler): HotmodError {
  const oldest = compiler.kind === 'gcc' ? `gcc ${oldestGcc}` : `clang ${oldestClang}`;
  return missing(
    'HM205',
    `${compiler.path} is too old: "${compiler.versionText}"; hotmod needs ${oldest} or newer.`,
    'Install a newer one, or name one under `build.compiler` (or HOTMOD_COMPILER).',
  );
}

function noLinker(compiler: Toolchain['compiler'], names: readonly string[], { name, triple }: Target): HotmodError {
  const hint = triple === '' ? install : installFor(name);
  return missing('HM206', `${compiler.path} finds no linker; asked for ${names.join(', ')}.`, hint);
}

function missing(code: string, message: string, hint: string): HotmodError {
  return new HotmodError(code, message, { hint, exitCode: exitCode.missing });
}
