import type { LastBuild } from './affected.js';
import type { GenerationStore } from './generations.js';
import type { FileHashes } from './hashes.js';
import type { NameCache } from './includes.js';
import type { Limiter } from './limiter.js';
import type { LinkTemplate } from './link-template.js';
import type { ObjectCache } from './objects.js';
import type { Precompiled } from './pch/precompiled.js';
import type { Run } from './run.js';
import type { BuilderOptions, BuildResult } from './types.js';

/** What all builds of one builder have in common. */
export interface Shared {
  readonly options: BuilderOptions;
  readonly now: () => number;
  readonly run: Run;
  readonly hashes: FileHashes;
  readonly names: NameCache;
  readonly limiter: Limiter;
  readonly objects: ObjectCache;
  readonly precompiled: Precompiled;
  readonly generations: GenerationStore;
  /** Compiler, target and environment as one hash; part of every cache key. */
  readonly identity: string;
  /** Linker command lines by driver and flags; asked for once, for as long as the builder lives. */
  readonly templates: Map<string, Promise<LinkTemplate | undefined>>;
}

/** A result before the last touches, with what is to be remembered of it. */
export type RawBuild = Omit<BuildResult, 'durationMs'> & { readonly memory: LastBuild };
