import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import { contentHash } from '../files/hash.js';
import { removeQuietly } from '../files/remove-quietly.js';
import { isAffected, type LastBuild, wantedHeaders } from './affected.js';
import { buildByCommand } from './build-command.js';
import { buildFromSources } from './build-sources.js';
import { createCommandsFile } from './commands-file.js';
import { withoutRepeats } from './diagnostics.js';
import { diskFailure } from './failures.js';
import { createGenerationStore } from './generations.js';
import { createFileHashes } from './hashes.js';
import type { NameCache } from './includes.js';
import { createLimiter } from './limiter.js';
import type { LinkTemplate } from './link-template.js';
import { createObjectCache } from './objects.js';
import { pruneEntries } from './pch/entry.js';
import { createPrecompiled } from './pch/precompiled.js';
import { planModule } from './plan.js';
import { pruneCache } from './prune.js';
import { type Run, runProcess } from './run.js';
import type { RawBuild, Shared } from './shared.js';
import { ownTempDir } from './temp-dir.js';
import type { Builder, BuilderOptions, BuildRequest } from './types.js';

/**
 * Builds modules into libraries. One builder serves a whole session: all modules share its job slots, its cache and
 * what it remembers of each module's last build.
 */
export function createBuilder(options: BuilderOptions): Builder {
  const shared = createShared(options);
  const last = new Map<string, LastBuild>();
  const commandsFile = createCommandsFile(options);

  return {
    async build(module, request) {
      const started = performance.now();
      const resume = [shared.precompiled.hold(), options.cache?.hold()];
      const build = await inTempDir(shared, (temp) => buildOne(module, request, temp)).finally(() => {
        for (const one of resume) one?.();
      });
      if (!build.superseded || !last.has(module.name)) last.set(module.name, build.memory);
      const { memory: _, ...result } = build;
      return { ...result, diagnostics: withoutRepeats(result.diagnostics), durationMs: performance.now() - started };
    },

    isAffected: (module, path) => isAffected(module, path, last.get(module.name), options.config, shared.hashes),

    inputsOf: (name) => last.get(name)?.inputs ?? new Map(),

    placeOf: (name, hash) => shared.generations.pathOf(name, hash),

    libraryOf: (name, hash) => shared.generations.find(name, hash) ?? null,

    prune(limits = {}) {
      const libraries = [...last.values()].map((build) => build.library).filter((path) => path !== '');
      pruneCache(options.config.outDir, { ...limits, keep: new Set([...libraries, ...(limits.keep ?? [])]) });
      pruneEntries(options.config.outDir);
    },
  };

  async function buildOne(module: ResolvedModule, request: BuildRequest, { dir, make }: TempDir): Promise<RawBuild> {
    try {
      const { command, output } = module.build;
      if (command !== null && output !== null) {
        make();
        return await buildByCommand(module, command, output, request, dir, last.get(module.name), shared);
      }
      // What is found in the cache leaves nothing half-made.
      const run: Run = (tool) => {
        make();
        return shared.run(tool);
      };
      const plan = planModule(module, options);
      const running = buildFromSources(plan, request, dir, last.get(module.name), { ...shared, run });
      // Editors' file is refreshed while the compiler runs; it must not hold up or fail a build.
      const [build, warning] = await Promise.all([running, commandsFile.refresh(plan)]);
      return warning === undefined ? build : { ...build, diagnostics: [...build.diagnostics, warning] };
    } catch (error) {
      const diagnostic = diskFailure(error, options.config.outDir);
      if (diagnostic === undefined) throw error;
      return failed(diagnostic, last.get(module.name));
    }
  }
}

function createShared(options: BuilderOptions): Shared {
  const { config, toolchain } = options;
  const now = options.now ?? Date.now;
  const hashes = createFileHashes(now);
  const names: NameCache = new Map();
  const run = withLimit(options.run ?? runProcess, config.timeouts.build);
  const identity = contentHash(JSON.stringify([toolchain, config.target, compilerVariables(options.env ?? {})]));
  return {
    options,
    now,
    hashes,
    ...{ run, names, identity },
    limiter: createLimiter(config.build.jobs),
    objects: createObjectCache(join(config.outDir, 'cache'), hashes),
    generations: createGenerationStore(config.outDir, config.target.libraryExtension, hashes),
    precompiled: createPrecompiled({
      ...{ outDir: config.outDir, cwd: config.root, env: options.env, making: options.precompiling },
      ...{ identity, hashes, names, run },
      on: config.build.pch === 'auto' && toolchain.compiler.kind !== 'gcc',
    }),
    templates: new Map<string, Promise<LinkTemplate | undefined>>(),
  };
}

function withLimit(run: Run, limitMs: number): Run {
  return (request) => run({ ...request, limitMs });
}

/** Variables that change what gcc and clang find or write (GCC manual, "Environment Variables"). */
const variableNames = [
  ...['CPATH', 'C_INCLUDE_PATH', 'CPLUS_INCLUDE_PATH', 'OBJC_INCLUDE_PATH', 'LIBRARY_PATH', 'COMPILER_PATH'],
  ...['GCC_EXEC_PREFIX', 'SDKROOT', 'MACOSX_DEPLOYMENT_TARGET', 'SOURCE_DATE_EPOCH', 'CCC_OVERRIDE_OPTIONS'],
];

function compilerVariables(env: Readonly<Record<string, string>>): readonly (string | null)[] {
  return variableNames.map((name) => env[name] ?? null);
}

let builds = 0;

interface TempDir {
  /** Absolute; there once `make` was called. */
  readonly dir: string;
  make(): void;
}

/** Half-made files live in a folder of the build's own, named by the process so that a later one can clear it away. */
async function inTempDir<T>(shared: Shared, work: (temp: TempDir) => Promise<T>): Promise<T> {
  const dir = ownTempDir(shared.options.config.outDir, `${++builds}`);
  let made = false;
  const make = (): void => {
    if (!made) mkdirSync(dir, { recursive: true });
    made = true;
  };
  try {
    return await work({ dir, make });
  } finally {
    // What cannot be removed now is cleared away by prune(); the build's own result matters more.
    if (made) removeQuietly(dir);
  }
}

function failed(diagnostic: Diagnostic, last: LastBuild | undefined): RawBuild {
  const inputs = last?.inputs ?? new Map<string, string>();
  const memory: LastBuild = {
    ok: false,
    inputs,
    bySource: last?.bySource ?? new Map(),
    absent: last?.absent ?? new Set(),
    wanted: wantedHeaders([]),
    products: last?.products ?? new Set(),
    library: last?.library ?? '',
  };
  return {
    ok: false,
    cached: false,
    superseded: false,
    library: '',
    hash: '',
    diagnostics: [diagnostic],
    inputs,
    settled: true,
    steps: [],
    memory,
  };
}
