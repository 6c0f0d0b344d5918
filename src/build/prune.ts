import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAlive } from '../files/owner.js';

export interface PruneLimits {
  /** Newest libraries kept for each module. */
  readonly generations?: number;
  /** Newest objects, and newest manifests, kept. */
  readonly objects?: number;
  /** Absolute paths that stay whatever their age. */
  readonly keep?: ReadonlySet<string>;
}

/** Removes all but the newest cache entries and libraries, and what builds of processes that are gone left half-made. */
export function pruneCache(outDir: string, limits: PruneLimits = {}): void {
  const keep = limits.keep ?? new Set<string>();
  const cache = join(outDir, 'cache');
  for (const kind of ['objects', 'manifests']) keepNewest(join(cache, kind), limits.objects ?? 2000, keep);
  for (const module of namesIn(join(outDir, 'generations'))) {
    const dir = join(outDir, 'generations', module);
    // Each library has its note beside it, and both are kept or removed together.
    const notes = new Set([...keep].map((path) => path.replace(/\.[^./]+$/, '.json')));
    keepNewest(dir, (limits.generations ?? 50) * 2, new Set([...keep, ...notes]));
  }
  for (const name of namesIn(join(cache, 'tmp'))) {
    const owner = Number(basename(name).split('-')[0]);
    if (!isAlive(owner)) rmSync(join(cache, 'tmp', name), { recursive: true, force: true });
  }
}

function keepNewest(dir: string, count: number, keep: ReadonlySet<string>): void {
  const files = namesIn(dir)
    .map((name) => join(dir, name))
    .map((path) => ({ path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.time - a.time || (a.path < b.path ? 1 : -1));
  for (const { path } of files.slice(count)) if (!keep.has(path)) rmSync(path, { force: true });
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
