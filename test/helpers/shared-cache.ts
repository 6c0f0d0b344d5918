import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSharedCache, type SharedCache } from '../../src/build/cache/shared-cache.js';
import { type CacheProblem, storeFolder } from '../../src/build/cache/store.js';
import type { BuilderOptions, BuildResult } from '../../src/build/types.js';
import type { BuildProject } from './build-project.js';
import { tempDir } from './temp-dir.js';
import { toolEnv } from './warm.js';

export interface TestCache extends AsyncDisposable {
  readonly cache: SharedCache;
  readonly problems: readonly CacheProblem[];
}

/** A session's view of the shared cache below this folder. It stores when it is told to `settle`. */
export function openTestCache(cacheDir: string, limitBytes = 1e9): TestCache {
  const problems: CacheProblem[] = [];
  const onProblem = (problem: CacheProblem): void => void problems.push(problem);
  const cache = openSharedCache({ cacheDir, limitBytes, onProblem, restMs: 3_600_000 });
  return { cache, problems, [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]() };
}

const request = { rebuild: false, onProgress: () => undefined };

/** Builds as a session would that has never seen the project: with a store of its own in a new folder. */
export async function buildAfresh(
  project: BuildProject,
  cache: SharedCache | undefined,
  changes: Partial<BuilderOptions> & { readonly module?: string } = {},
): Promise<Afresh> {
  const dir = await tempDir();
  const { module = 'demo', ...options } = changes;
  const config = { ...project.config, outDir: dir.path };
  // As in a session, the environment of compilers is known.
  const builder = project.another({ config, env: toolEnv, ...(cache === undefined ? {} : { cache }), ...options });
  const result = await builder.build(project.module(module), { ...request, signal: new AbortController().signal });
  return {
    result,
    fromCache: result.steps.filter((step) => step.kind === 'compile').map((step) => step.cached),
    linked: result.steps.some((step) => step.kind === 'link' && step.cached),
    library: result.ok ? readFileSync(result.library) : Buffer.alloc(0),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

export interface Afresh extends AsyncDisposable {
  readonly result: BuildResult;
  /** Of each source, in their order, whether its object was found. */
  readonly fromCache: readonly boolean[];
  /** Whether the library was found. */
  readonly linked: boolean;
  readonly library: Buffer;
}

/** Every entry that lies in the cache, absolute. */
export function entriesOf(cacheDir: string): readonly string[] {
  const dir = join(cacheDir, storeFolder);
  const kinds = ['units', 'sets', 'objects', 'libraries'].filter((kind) => existsSync(join(dir, kind)));
  return kinds.flatMap((kind) =>
    readdirSync(join(dir, kind), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}
