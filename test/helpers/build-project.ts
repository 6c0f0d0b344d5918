import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createBuilder } from '../../src/build/builder.js';
import { type Run, type RunRequest, runProcess } from '../../src/build/run.js';
import type { Builder, BuilderOptions, BuildResult } from '../../src/build/types.js';
import { resolveRecovery, resolveTimeouts } from '../../src/config/resolve.js';
import type { ModuleBuild, ResolvedConfig, ResolvedModule } from '../../src/config/resolved.js';
import { nativeTarget } from '../../src/target/targets.js';
import type { Toolchain } from '../../src/toolchain/types.js';
import { bestLinker, type LinkerName, linkerPath, programPath } from './programs.js';
import { tempDir, writeFiles } from './temp-dir.js';

/** A temporary project with a builder on the machine's real compiler, and a record of every process it starts. */
export interface BuildProject extends AsyncDisposable {
  readonly root: string;
  readonly config: ResolvedConfig;
  readonly builder: Builder;
  /** Every process started so far, newest last. */
  readonly started: readonly RunRequest[];
  module(name: string): ResolvedModule;
  /** Builds to the end; `signal` to cancel it. */
  build(name: string, signal?: AbortSignal): Promise<BuildResult>;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  path(name: string): string;
  /** A second builder on the same folder, as a later session would have. */
  another(changes?: Partial<BuilderOptions>): Builder;
}

export interface ProjectOptions {
  readonly modules?: Readonly<Record<string, Partial<ModuleBuild>>>;
  readonly jobs?: number;
  readonly compiler?: 'clang' | 'gcc';
  readonly linker?: LinkerName;
  /** Put around every process that is started. */
  readonly around?: (request: RunRequest, run: Run) => ReturnType<Run>;
  /** Name of the project's folder inside the temporary one. */
  readonly folder?: string;
  readonly outDir?: string;
  readonly compileCommands?: boolean;
  readonly pch?: 'auto' | 'off';
}

export async function buildProject(
  files: Readonly<Record<string, string>>,
  options: ProjectOptions = {},
): Promise<BuildProject> {
  const dir = await tempDir();
  const root = join(dir.path, options.folder ?? 'project');
  await writeFiles(root, { '.keep': '', ...files });
  const modules = Object.entries(options.modules ?? { demo: {} }).map(([name, build]) => moduleOf(root, name, build));
  const config = configOf(root, modules, options);
  const started: RunRequest[] = [];
  const run: Run = (request) => {
    started.push(request);
    return options.around === undefined ? runProcess(request) : options.around(request, runProcess);
  };
  const builderOptions: BuilderOptions = {
    config,
    toolchain: toolchainOf(options.compiler ?? 'clang', options.linker ?? bestLinker()),
    engineLibrary: '',
    publicHeaders: join(import.meta.dirname, '../../modules/include'),
    run,
  };
  const builder = createBuilder(builderOptions);
  const module = (name: string): ResolvedModule => {
    const found = modules.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no module ${name} in this project`);
    return found;
  };
  return {
    root,
    config,
    builder,
    started,
    module,
    build: (name, signal = new AbortController().signal) =>
      builder.build(module(name), { signal, rebuild: false, onProgress: () => undefined }),
    write: (more) => writeFiles(root, more),
    path: (name) => join(root, name),
    another: (changes = {}) => createBuilder({ ...builderOptions, ...changes }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Exported dynamic symbols of a library, by the machine's own nm. */
export function exportsOf(library: string): readonly string[] {
  const { stdout } = spawnSync('nm', ['-D', '--defined-only', library], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => /^[0-9a-f]+ [A-Z] (.+)$/.exec(line)?.[1] ?? []);
}

export function toolchainOf(kind: 'clang' | 'gcc', linker: LinkerName): Toolchain {
  const path = kind === 'clang' ? which('clang') : which('gcc');
  const cxx = kind === 'clang' ? which('clang++') : which('g++');
  const { stdout } = spawnSync(path, ['-dumpversion'], { encoding: 'utf8' });
  return {
    compiler: { path, kind, version: Number.parseInt(stdout, 10), versionText: stdout.trim() },
    cxx,
    linker: { name: linker, path: linkerPath(linker) },
    identity: `${path} ${stdout.trim()} ${linker}`,
  };
}

function which(name: string): string {
  const found = programPath(name);
  if (found === null) throw new Error(`${name} is needed by this test and was not found`);
  return found;
}

function moduleOf(root: string, name: string, build: Partial<ModuleBuild>): ResolvedModule {
  return {
    name,
    dir: join(root, 'modules', name),
    version: '0.0.0',
    dependencies: [],
    entry: { getInterface: [], init: [], update: [], shutdown: [], saveState: [], loadState: [], view: [] },
    build: {
      command: null,
      output: null,
      sources: [],
      flags: [],
      cflags: [],
      cxxflags: [],
      asmflags: [],
      ldflags: [],
      includes: [],
      defines: [],
      ...build,
    },
  };
}

const noStrategies = {
  versionDown: null,
  editDuringTransaction: null,
  stateChanged: null,
  duplicateSymbol: null,
  rangesCannotMeet: null,
};

function configOf(root: string, modules: readonly ResolvedModule[], options: ProjectOptions): ResolvedConfig {
  return {
    root,
    file: null,
    configFiles: [],
    modulePatterns: ['modules/*'],
    modules,
    outDir: options.outDir ?? join(root, '.hotmod'),
    target: nativeTarget(),
    otherTargets: [],
    watch: { polling: false, pollIntervalMs: 100, ignore: [], paths: [] },
    build: {
      compiler: null,
      linker: null,
      jobs: options.jobs ?? 4,
      warm: true,
      pch: options.pch ?? 'off',
      launcher: [],
      cacheLimit: 0,
      compileCommands: options.compileCommands ?? false,
    },
    reload: {
      defer: { maxCpu: null, minFreeMemory: null, maxFrameMs: null, maxWaitMs: 0 },
      onConflict: { strategies: noStrategies, decide: null },
    },
    host: {
      rate: 60,
      stepped: false,
      standby: false,
      hangTimeoutMs: 1000,
      probationFrames: 10,
      frameCopies: true,
      frameCopyLimit: 32,
      restart: { max: 3, withinMs: 1000 },
      env: {},
    },
    recovery: resolveRecovery({}),
    timeouts: resolveTimeouts({}, nativeTarget()),
    keepGenerations: 5,
  };
}
