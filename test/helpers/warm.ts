import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Run, type RunRequest, type RunResult, runProcess } from '../../src/build/run.js';
import { buildWarmLibrary } from '../../src/build/warm/library.js';
import { createWarmTools, type WarmProblem, type WarmTools } from '../../src/build/warm/tools.js';
import { programPath } from './programs.js';
import { testCacheDir } from './session.js';

/** The environment that tools of tests run in. */
export const toolEnv: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
};

export const clang = programPath('clang') ?? 'clang';

export interface TestWarmTools extends AsyncDisposable {
  readonly tools: WarmTools;
  readonly run: Run;
  readonly problems: readonly WarmProblem[];
  /** Requests that were done in the usual way. */
  readonly plain: readonly RunRequest[];
}

export function openWarm(
  options: { readonly stallMs?: number; readonly platform?: NodeJS.Platform; readonly maxFailures?: number } = {},
): TestWarmTools {
  const problems: WarmProblem[] = [];
  const plain: RunRequest[] = [];
  const tools = createWarmTools({
    ...options,
    plain: (request) => {
      plain.push(request);
      return runProcess(request);
    },
    library: (compiler) => buildWarmLibrary({ compiler, cacheDir: testCacheDir, env: toolEnv, run: runProcess }),
    onProblem: (problem) => problems.push(problem),
  });
  return {
    tools,
    run: tools.runWith(clang),
    problems,
    plain,
    [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose](),
  };
}

/** As the build asks for it. */
export function toolRequest(
  file: string,
  args: readonly string[],
  changes: Partial<RunRequest> & { cwd: string },
): RunRequest {
  return {
    file,
    args,
    env: { LC_ALL: 'C' },
    baseEnv: toolEnv,
    shell: false,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Keeps the tool of this request loaded from now on. */
export async function prepare(
  { tools }: TestWarmTools,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const refused = await tools.prepare(file, clang, { ...toolEnv, LC_ALL: 'C', ...env });
  if (refused !== null) throw new Error(`${file} was not kept loaded: ${refused}`);
}

/** A program that stands in for clang: only its name tells the two apart. */
export function fakeClang(dir: string, source: string): string {
  mkdirSync(dir, { recursive: true });
  const text = join(dir, 'fake.c');
  const file = join(dir, 'clang');
  writeFileSync(text, source);
  // As a package manager does it: what runs keeps the file it was started from.
  const made = spawnSync(clang, ['-D_GNU_SOURCE', '-o', `${file}.new`, text], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  chmodSync(`${file}.new`, 0o755);
  spawnSync('mv', [`${file}.new`, file]);
  return file;
}

export interface Comparison {
  /** To be used in the place of the tools. */
  readonly tools: WarmTools;
  /** Command lines whose two runs differed, and in what. */
  readonly different: readonly string[];
  /** Runs that were compared. */
  count(): number;
}

/** Has everything done twice, by the plain command and by the loaded tool, and notes where anything of it differs. */
export function compareWithPlain(warm: WarmTools): Comparison {
  const different: string[] = [];
  let compared = 0;
  const both = async (request: RunRequest, compiler: string): Promise<RunResult> => {
    const env = { ...request.baseEnv, ...request.env };
    const refused = request.shell ? 'shell' : await warm.prepare(request.file, compiler, env);
    const plain = await runProcess(request);
    if (refused !== null || plain.cancelled) return plain;
    const before = productsOf(request);
    for (const path of before.keys()) rmSync(path, { force: true });
    const result = await warm.runWith(compiler)(request);
    if (result.cancelled) return result;
    compared++;
    const after = productsOf(request);
    const said = [
      ...(result.warm === true ? [] : [`it ran plainly: ${result.fallback ?? 'not ready'}`]),
      ...(['exitCode', 'signal', 'output'] as const)
        .filter((key) => withoutRandom(plain[key]) !== withoutRandom(result[key]))
        .map((key) => `${key}: ${JSON.stringify(plain[key])} is ${JSON.stringify(result[key])}`),
      ...[...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)),
    ];
    if (said.length > 0) different.push(`${[request.file, ...request.args].join(' ')}\n  ${said.join('\n  ')}`);
    return result;
  };
  const tools: WarmTools = { ...warm, runWith: (compiler) => (request) => both(request, compiler) };
  return { tools, different, count: () => compared };
}

/** Temporary files of the compiler itself have random names, in every run others. */
function withoutRandom(value: number | string | null): number | string | null {
  return typeof value === 'string' ? value.replace(/-[0-9a-f]{6,8}\.(s|o|dwo)\b/g, '-random.$1') : value;
}

/** The files that a command line says it writes, with their bytes. */
function productsOf({ args, cwd }: RunRequest): ReadonlyMap<string, string> {
  const paths = args.flatMap((arg, at) => (arg === '-o' || arg === '-MF' ? (args[at + 1] ?? []) : []));
  const found = paths.map((path) => resolve(cwd, path)).filter((path) => existsSync(path));
  return new Map(found.map((path) => [path, readFileSync(path, 'latin1')]));
}
