import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../errors.js';
import { isAlive } from '../../files/owner.js';
import { ownerOf } from '../temp-dir.js';
import { type CacheCounts, countsFile, type EntryKind, entryKinds, storeFolder, temporaryFolder } from './store.js';

export interface CacheUsage {
  readonly bytes: number;
  readonly entries: Readonly<Record<EntryKind, number>>;
  readonly counts: CacheCounts;
}

interface Entry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly bytes: number;
  /** When it was last used, as the file's time has it. */
  readonly usedMs: number;
}

/** What lies in the cache below the user's cache folder; nothing where there is none. */
export async function cacheUsage(cacheDir: string): Promise<CacheUsage> {
  const dir = join(cacheDir, storeFolder);
  const entries = await listEntries(dir);
  const count = (kind: EntryKind): number => entries.filter((one) => one.kind === kind).length;
  return {
    bytes: entries.reduce((sum, one) => sum + one.bytes, 0),
    entries: {
      units: count('units'),
      sets: count('sets'),
      objects: count('objects'),
      libraries: count('libraries'),
    },
    counts: await readCounts(dir),
  };
}

/**
 * Removes what was used least recently until the rest takes no more than `limitBytes`, and what killed sessions left
 * half-written. A time in the future (the clock was set back) counts as now, so that no entry stays for ever. Two may do
 * so at once. Answers how many bytes it removed.
 */
export async function pruneEntries(cacheDir: string, limitBytes: number, nowMs: number = Date.now()): Promise<number> {
  const dir = join(cacheDir, storeFolder);
  const entries = await listEntries(dir);
  let bytes = entries.reduce((sum, one) => sum + one.bytes, 0);
  const before = bytes;
  const now = new Date(nowMs);
  for (const { path } of entries.filter((one) => one.usedMs > nowMs))
    await utimes(path, now, now).catch(() => undefined);
  // A little below the limit, so that not every further entry has all of them looked at.
  const wanted = bytes > limitBytes ? limitBytes * 0.9 : limitBytes;
  for (const entry of [...entries].sort((a, b) => Math.min(a.usedMs, nowMs) - Math.min(b.usedMs, nowMs))) {
    if (bytes <= wanted) break;
    await rm(entry.path, { force: true }).catch(() => undefined);
    bytes -= entry.bytes;
  }
  await removeHalfWritten(join(dir, temporaryFolder), nowMs);
  return before - bytes;
}

/** Removes all of it, of every form. Sessions that run make their folders anew. */
export async function clearCache(cacheDir: string): Promise<void> {
  // In one step, so that nobody finds a unit whose object is gone already.
  const aside = join(cacheDir, `cleared-${process.pid}-${randomUUID()}`);
  try {
    await rename(join(cacheDir, 'objects'), aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true, maxRetries: 3 });
}

async function listEntries(dir: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (const kind of entryKinds) {
    for (const part of await namesIn(join(dir, kind))) {
      const folder = join(dir, kind, part);
      const names = await namesIn(folder);
      const stats = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
      for (const [at, info] of stats.entries()) {
        if (info?.isFile() !== true) continue;
        found.push({ path: join(folder, names[at] ?? ''), kind, bytes: info.size, usedMs: info.mtimeMs });
      }
    }
  }
  return found;
}

/** A process of another container may seem to be gone: only what has been lying there for long is removed. */
const leftoverMs = 3_600_000;

async function removeHalfWritten(dir: string, nowMs: number): Promise<void> {
  for (const name of await namesIn(dir)) {
    const path = join(dir, name);
    const info = await stat(path).catch(() => null);
    if (info === null || isAlive(ownerOf(name)) || Math.abs(nowMs - info.mtimeMs) < leftoverMs) continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function readCounts(dir: string): Promise<CacheCounts> {
  const text = await readFile(join(dir, countsFile), 'utf8').catch(() => '');
  const sum = { hits: 0, misses: 0, stored: 0 };
  for (const line of text.split('\n')) {
    const [, hits = 0, misses = 0, stored = 0] = /^\{"hits":(\d+),"misses":(\d+),"stored":(\d+)\}$/.exec(line) ?? [];
    sum.hits += Number(hits);
    sum.misses += Number(misses);
    sum.stored += Number(stored);
  }
  return sum;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => []);
}
