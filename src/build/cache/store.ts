import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '../../errors.js';
import { unwrapEntry, wrapEntry } from './entry-file.js';

/** `units` say which object belongs to what; `sets` are lists of system headers that many units share. */
export const entryKinds = ['units', 'sets', 'objects', 'libraries'] as const;
export type EntryKind = (typeof entryKinds)[number];

/** Something worth telling people about, once. */
export interface CacheProblem {
  readonly code: 'HM227' | 'HM228';
  readonly message: string;
}

export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly stored: number;
}

/**
 * The folder that all sessions of a user share, of whatever project and version. Nobody locks anything: an entry is
 * written beside its place and renamed, so that a reader sees all of it or nothing; one that is damaged all the same is
 * known by its hash, removed, and made anew. No entry is ever linked into a project: what others hold cannot change it.
 */
export interface CacheStore {
  readonly dir: string;
  has(kind: EntryKind, key: string): boolean;
  /** The payload of an entry that is whole, marked as used now. Never rejects. */
  read(kind: EntryKind, key: string): Promise<Buffer | undefined>;
  /** Whether it is there now. Never rejects; after the first failure nothing more is written. */
  write(kind: EntryKind, key: string, payload: Uint8Array): Promise<boolean>;
  /** Takes out an entry that turned out to be of no use. */
  drop(kind: EntryKind, key: string, why: string): Promise<void>;
  /** Adds to the counts that `hotmod cache` shows. */
  count(counts: CacheCounts): Promise<void>;
}

/** The form of what the files hold is part of the path, so that versions with another form do not meet. */
export const storeFolder = join('objects', 'v1');
export const countsFile = 'counts';
export const temporaryFolder = 'tmp';

export function entryPath(dir: string, kind: EntryKind, key: string): string {
  return join(dir, kind, key.slice(0, 2), key);
}

export function openCacheStore(cacheDir: string, onProblem: (problem: CacheProblem) => void): CacheStore {
  const dir = join(cacheDir, storeFolder);
  const said = new Set<string>();
  let writable = true;

  const say = (code: CacheProblem['code'], message: string): void => {
    if (said.has(code)) return;
    said.add(code);
    onProblem({ code, message });
  };
  const drop = async (kind: EntryKind, key: string, why: string): Promise<void> => {
    const path = entryPath(dir, kind, key);
    say(
      'HM227',
      `an entry of the shared cache is damaged (${why}): ${path}; it is removed, and what it held made anew`,
    );
    await rm(path, { force: true, recursive: true }).catch(() => undefined);
  };

  const place = async (path: string, payload: Uint8Array): Promise<unknown> => {
    const beside = join(dir, temporaryFolder, `${process.pid}-${randomUUID()}`);
    try {
      await Promise.all([mkdir(dirname(path), { recursive: true }), mkdir(dirname(beside), { recursive: true })]);
      await writeFile(beside, wrapEntry(payload));
      await rename(beside, path);
      return null;
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      return error;
    }
  };

  return {
    dir,
    has: (kind, key) => existsSync(entryPath(dir, kind, key)),

    async read(kind, key) {
      const path = entryPath(dir, kind, key);
      try {
        const payload = unwrapEntry(await readFile(path));
        if (payload === undefined) {
          await drop(kind, key, 'its content is not what was stored');
          return undefined;
        }
        const now = new Date();
        // Only a matter of what is removed first; a folder that cannot be written serves all the same.
        void utimes(path, now, now).catch(() => undefined);
        return payload;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') await drop(kind, key, messageOf(error));
        return undefined;
      }
    },

    async write(kind, key, payload) {
      if (!writable) return false;
      const path = entryPath(dir, kind, key);
      // Another session may clear the cache away at any moment; the second time its folders are made anew.
      const error = (await place(path, payload)) === null ? null : await place(path, payload);
      if (error === null) return true;
      writable = false;
      // What Node's recursive mkdir says of a read-only file system.
      const reason = codeOf(error) === 'ENOENT' ? 'no folder can be made there' : messageOf(error);
      say('HM228', `the shared cache ${dir} cannot be written: ${reason}; this session goes on without adding to it`);
      return false;
    },

    drop,

    async count(counts) {
      if (!writable || Object.values(counts).every((one) => one === 0)) return;
      // Short lines at the end of a file: those of two sessions do not mix (POSIX, O_APPEND).
      await mkdir(dir, { recursive: true })
        .then(() => appendFile(join(dir, countsFile), `${JSON.stringify(counts)}\n`))
        .catch(() => undefined);
    },
  };
}
