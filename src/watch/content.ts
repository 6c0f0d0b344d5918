import { readFileSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { contentHash } from '../files/hash.js';

/** What a file holds now: its content hash, null where there is no such file, and when it was last written. */
export interface Content {
  readonly hash: string | null;
  /** Milliseconds since the epoch; for a file that is gone, the moment it was looked for. */
  readonly savedAt: number;
}

/**
 * Reads a file's content hash. A folder or an unreadable file counts as absent: it cannot be compiled either. In one go,
 * because each step of an asynchronous reading is a turn of Node's loop and a thread's, ten times what a source takes.
 */
export function readContent(path: string): Content {
  try {
    // Reading a pipe would wait for whoever writes it.
    if (!statSync(path).isFile()) return { hash: null, savedAt: Date.now() };
    const data = readFileSync(path);
    return { hash: contentHash(data), savedAt: statSync(path).mtimeMs };
  } catch {
    return { hash: null, savedAt: Date.now() };
  }
}

/** Programs write a source at once or in a few blocks, microseconds apart. */
const restMs = 0.3;
const longestMs = 3;

/**
 * Waits until nobody has written to a file for a moment. False where it is gone or empty, as between the two steps of
 * being written anew, or where it does not come to rest soon.
 */
export async function comesToRest(path: string): Promise<boolean> {
  const start = performance.now();
  let last = '';
  for (let since = start; ; ) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.size === 0) return false;
    const now = performance.now();
    const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (stamp !== last) since = now;
    else if (now - since >= restMs) return true;
    if (now - start > longestMs) return false;
    last = stamp;
    await nextTurn();
  }
}
