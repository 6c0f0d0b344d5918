import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files/names-in.js';
import { isAlive } from '../files/owner.js';
import { ownerOf, tempFolder } from './temp-dir.js';

export interface PruneLimits {
  /** Newest libraries kept for each module. */
  readonly generations?: number;
  /** Newest objects, and newest manifests, kept. */
  readonly objects?: number;
  /** Bytes that the objects, and the libraries of each module, may take together; 1 GiB unless told. */
  readonly bytes?: number;
  /** Absolute paths that stay whatever their age. */
  readonly keep?: ReadonlySet<string>;
}

/** Removes all but the newest cache entries and libraries, and what builds of processes that are gone left half-made. */
export function pruneCache(outDir: string, limits: PruneLimits = {}): void {
  const keep = limits.keep ?? new Set<string>();
  const bytes = limits.bytes ?? 2 ** 30;
  const cache = join(outDir, 'cache');
  for (const kind of ['objects', 'manifests'])
    keepNewest(join(cache, kind), { count: limits.objects ?? 2000, bytes }, keep);
  // Each library has its note beside it, and both are kept or removed together.
  const notes = [...keep].map((path) => path.replace(/\.[^./]+$/, '.json'));
  const keepBoth = new Set([...keep, ...notes]);
  for (const module of namesIn(join(outDir, 'generations'))) {
    const dir = join(outDir, 'generations', module);
    keepNewest(dir, { count: (limits.generations ?? 50) * 2, bytes }, keepBoth, isLibraryOrNote);
    removeOrphans(dir);
  }
  const temp = tempFolder(outDir);
  for (const name of namesIn(temp)) {
    if (!isAlive(ownerOf(name))) rmSync(join(temp, name), { recursive: true, force: true });
  }
}

function keepNewest(
  dir: string,
  most: { readonly count: number; readonly bytes: number },
  keep: ReadonlySet<string>,
  counts: (name: string) => boolean = () => true,
): void {
  const files = namesIn(dir)
    .filter(counts)
    .map((name) => join(dir, name))
    .map((path) => ({ path, stat: statSync(path, { throwIfNoEntry: false }) }))
    .map(({ path, stat }) => ({ path, time: stat?.mtimeMs ?? 0, size: stat?.size ?? 0 }))
    .sort((a, b) => b.time - a.time || (a.path < b.path ? 1 : -1));
  let bytes = 0;
  for (const [index, { path, size }] of files.entries()) {
    bytes += size;
    if ((index >= most.count || bytes > most.bytes) && !keep.has(path)) rmSync(path, { force: true });
  }
}

/** What a session keeps beside a library under its name and a further ending goes when the library goes. */
const besideLibrary = /(\.(?:so|dylib))\.[^.]+$/;

function isLibraryOrNote(name: string): boolean {
  return !besideLibrary.test(name);
}

function removeOrphans(dir: string): void {
  const names = namesIn(dir);
  const present = new Set(names);
  for (const name of names) {
    if (besideLibrary.test(name) && !present.has(name.replace(besideLibrary, '$1'))) {
      rmSync(join(dir, name), { force: true });
    }
  }
}
