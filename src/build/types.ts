import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import type { Toolchain } from '../toolchain/types.js';
import type { SharedCache } from './cache/shared-cache.js';
import type { Precompiling } from './pch/precompiled.js';
import type { PruneLimits } from './prune.js';
import type { Run } from './run.js';

export interface BuilderOptions {
  readonly config: ResolvedConfig;
  readonly toolchain: Toolchain;
  /** Absolute path of the built engine; linked into every module that uses a symbol of it. Empty means: none. */
  readonly engineLibrary: string;
  /** The package's `modules/include`, absolute. */
  readonly publicHeaders: string;
  /**
   * The environment of compilers and build commands. Left out, children inherit that of this process. The variables
   * that change what a compiler finds (CPATH and the like) are part of the cache key only where it is given.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts processes; tests count calls through it. */
  readonly run?: Run;
  /**
   * A folder in which every build command that runs has a file named by its process group, so that whoever outlives
   * this process can end it. Left out: none is kept.
   */
  readonly groupsDir?: string;
  /** Makes precompiled headers in idle time. Left out: those that are there are used, and none is made. */
  readonly precompiling?: Precompiling;
  /** What stands before each compile command, its program by an absolute path. Left out: nothing. */
  readonly launcher?: readonly string[];
  /** Objects shared with the user's other projects. Left out: nothing is shared. */
  readonly cache?: SharedCache;
  /** Milliseconds since the epoch, compared with file times. */
  readonly now?: () => number;
}

export interface BuildRequest {
  /** Aborted when a newer save takes the place of this build. */
  readonly signal: AbortSignal;
  /** Run compiler and linker although the cache has their answers. */
  readonly rebuild: boolean;
  /** Called as steps finish; `total` is the translation units plus the link, or 1 for a build command. */
  onProgress(done: number, total: number): void;
}

/** One compiler, linker or command run, or the cache entry that took its place. */
export interface BuildStep {
  readonly kind: 'compile' | 'link' | 'command';
  /** Source or library, absolute. */
  readonly file: string;
  readonly cached: boolean;
  /** A compiler or linker did it that was loaded already. */
  readonly warm: boolean;
  /** Why the plain command did it in the place of a loaded tool; empty where nothing of that kind happened. */
  readonly fallback: string;
  /** A compiler took the source's first lines from a precompiled header. */
  readonly precompiled: boolean;
  readonly durationMs: number;
}

export interface BuildResult {
  readonly ok: boolean;
  /** Neither a compiler nor a linker nor a build command ran. */
  readonly cached: boolean;
  /** The request's signal was aborted; the result then counts as neither good nor bad. */
  readonly superseded: boolean;
  /** Absolute path of the library, named by `hash`; empty where the build did not succeed. */
  readonly library: string;
  readonly hash: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute path -> content hash of every source and header (system headers excepted) and module.json. */
  readonly inputs: ReadonlyMap<string, string>;
  /** False where an input changed while it was being read: what was built is not surely what is on disk, build again. */
  readonly settled: boolean;
  readonly durationMs: number;
  readonly steps: readonly BuildStep[];
}

export interface Builder {
  /** Builds one module. Never rejects for anything a user can cause: failures are diagnostics of the result. */
  build(module: ResolvedModule, request: BuildRequest): Promise<BuildResult>;
  /** Whether a change of this file (absolute path) can change what the module's next build gives. */
  isAffected(module: ResolvedModule, path: string): boolean;
  /** Inputs of the module's last build, failed ones included; empty before the first. */
  inputsOf(moduleName: string): ReadonlyMap<string, string>;
  /** Absolute path of the library that an earlier build left under this hash; null where it is gone or not whole. */
  libraryOf(moduleName: string, hash: string): string | null;
  /** Where that library is, or would be. */
  placeOf(moduleName: string, hash: string): string;
  /** Removes old cache entries and libraries; what the last builds gave and `keep` (absolute paths) stays. */
  prune(limits?: PruneLimits): void;
}
