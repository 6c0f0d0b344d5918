import type { FileHashes } from './hashes.js';
import type { Limiter } from './limiter.js';
import type { Run } from './run.js';

/** What every step of a build needs of the world around it. */
export interface Surroundings {
  readonly cwd: string;
  readonly root: string;
  readonly outDir: string;
  /** Folder of this build alone for half-made files. */
  readonly tempDir: string;
  /** Part of every key: compiler, target, and what of the environment changes its result. */
  readonly identity: string;
  readonly env: Readonly<Record<string, string>>;
  readonly baseEnv: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** Run the tools although the cache has their answers. */
  readonly rebuild: boolean;
  readonly hashes: FileHashes;
  readonly limiter: Limiter;
  readonly run: Run;
}
