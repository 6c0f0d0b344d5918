import { readFile, stat } from 'node:fs/promises';
import { contentHash } from '../files/hash.js';

/** What a file holds now: its content hash, null where there is no such file, and when it was last written. */
export interface Content {
  readonly hash: string | null;
  /** Milliseconds since the epoch; for a file that is gone, the moment it was looked for. */
  readonly savedAt: number;
}

/** Reads a file's content hash. A folder or an unreadable file counts as absent: it cannot be compiled either. */
export async function readContent(path: string): Promise<Content> {
  try {
    const data = await readFile(path);
    const { mtimeMs } = await stat(path);
    return { hash: contentHash(data), savedAt: mtimeMs };
  } catch {
    return { hash: null, savedAt: Date.now() };
  }
}
