import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { contentHash } from '../files/hash.js';

/** Two files with the same stamp are the same bytes, unless both were written within one tick of the clock. */
export interface Hashed {
  readonly hash: string;
  /** `dev:ino:size:mtimeNs:ctimeNs` at the time of hashing. */
  readonly stamp: string;
  readonly size: number;
  /** The later of mtime and ctime, milliseconds since the epoch. */
  readonly changedMs: number;
}

export interface FileHashes {
  /** Content hash of a regular file; undefined where there is none. Reads only what its stamp does not vouch for. */
  of(path: string): Hashed | undefined;
  /** The same for a file that is looked at only once; nothing is remembered of it. */
  once(path: string): Hashed | undefined;
}

/**
 * File times come from a clock that ticks every few milliseconds, so a file can be written twice with one stamp. A
 * stamp is believed only when the file was at rest for this long before it was read.
 */
const restMs = 100;

export function createFileHashes(now: () => number): FileHashes {
  const known = new Map<string, Hashed & { readonly trusted: boolean }>();
  return {
    once: readStable,

    of(path) {
      const stats = statOf(path);
      if (stats === undefined) {
        known.delete(path);
        return undefined;
      }
      const last = known.get(path);
      if (last?.trusted && last.stamp === stats.stamp) return last;
      const readAt = now();
      const fresh = readStable(path);
      if (fresh === undefined) return undefined;
      known.set(path, { ...fresh, trusted: readAt - fresh.changedMs > restMs });
      return fresh;
    },
  };
}

interface FileStats {
  readonly stamp: string;
  readonly size: number;
  readonly changedMs: number;
}

function statOf(path: string | number): FileStats | undefined {
  try {
    const stats =
      typeof path === 'number'
        ? fstatSync(path, { bigint: true })
        : statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) return undefined;
    return {
      stamp: `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`,
      size: Number(stats.size),
      changedMs: Math.max(Number(stats.mtimeNs / 1_000_000n), Number(stats.ctimeNs / 1_000_000n)),
    };
  } catch {
    return undefined;
  }
}

/**
 * Reads until the stamp before and after the read agree, so that a hash never mixes two versions of a file. A file
 * that is rewritten without pause gets a stamp of its own making: it then differs from every later look at it, which
 * makes the build count as unsettled.
 */
function readStable(path: string): Hashed | undefined {
  for (let attempt = 0; attempt < 3; attempt++) {
    const read = readOnce(path);
    if (read === 'moving') continue;
    return read;
  }
  const stats = statOf(path);
  return stats === undefined ? undefined : { ...stats, stamp: `${stats.stamp}:moving`, hash: contentHash(stats.stamp) };
}

function readOnce(path: string): Hashed | 'moving' | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // Present but not readable: the compiler says so in its own words, so the build goes on with a hash of no content.
    const stats = statOf(path);
    return stats === undefined ? undefined : { ...stats, hash: contentHash(`unreadable ${stats.stamp}`) };
  }
  try {
    const before = statOf(file);
    const data = readFileSync(file);
    const after = statOf(file);
    if (before === undefined || after === undefined) return undefined;
    return before.stamp === after.stamp ? { ...after, hash: contentHash(data) } : 'moving';
  } finally {
    closeSync(file);
  }
}

/** Coarse file clocks run up to one tick (10 ms at 100 Hz) behind the clock that tells when something started. */
export const clockTickMs = 10;

/** Whether a file may have changed since then. */
export function isYoung(hashed: Hashed | undefined, startedMs: number): boolean {
  return hashed !== undefined && hashed.changedMs >= startedMs - clockTickMs;
}
