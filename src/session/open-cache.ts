import { openSharedCache, type SharedCache } from '../build/cache/shared-cache.js';
import type { ResolvedConfig } from '../config/resolved.js';
import type { SessionEvent } from '../events/events.js';

/** The objects of all projects of the user. Undefined where the configuration gives them no room. */
export function openCache(around: {
  readonly cacheDir: string;
  readonly config: ResolvedConfig;
  /** Told what is wrong with it, each thing once. */
  say(event: SessionEvent): void;
}): SharedCache | undefined {
  const { cacheLimit } = around.config.build;
  if (cacheLimit === 0) return undefined;
  return openSharedCache({
    cacheDir: around.cacheDir,
    limitBytes: cacheLimit * 1e6,
    onProblem: (problem) => around.say({ type: 'session:problem', ...problem }),
  });
}
