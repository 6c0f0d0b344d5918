import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { contentHash } from '../files/hash.js';
import type { FileHashes } from './hashes.js';

/** A compiled object as the cache holds it. */
export interface CachedObject {
  /** Absolute. */
  readonly path: string;
  readonly hash: string;
  /** Header paths with the content they had. */
  readonly headers: readonly (readonly [string, string])[];
  /** Places on the include path that held no file; one that appears there would be included instead. */
  readonly absent: readonly string[];
  /** What the compiler printed, to be shown again on a hit: warnings do not go away by being cached. */
  readonly output: string;
}

export interface ObjectCache {
  /**
   * The object for a unit key (everything but header contents), if one of the remembered header sets is what is on
   * disk now. An entry that is damaged in any way is no entry.
   */
  find(unitKey: string): CachedObject | undefined;
  /** Moves a finished object into the cache, replacing the file whole, and remembers what it was made of. */
  store(unitKey: string, made: { readonly object: string } & Omit<CachedObject, 'path' | 'hash'>): CachedObject;
}

/**
 * The manifest of one unit key, after ccache's direct mode (ccache manual, "How ccache works"): the unit's source and
 * flags name a small file, which lists alternatives of (headers and their contents -> object).
 */
const manifestSchema = z.array(
  z.object({
    object: z.string().regex(/^[0-9a-f]{32}$/),
    size: z.number(),
    hash: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    absent: z.array(z.string()),
    output: z.string(),
  }),
);
type Manifest = z.infer<typeof manifestSchema>;

/** Going back and forth between a few versions of a header is common; more than this is not worth the search. */
const maxAlternatives = 8;

export function createObjectCache(cacheDir: string, hashes: FileHashes): ObjectCache {
  const manifests = join(cacheDir, 'manifests');
  const objects = join(cacheDir, 'objects');
  const objectPath = (key: string): string => join(objects, `${key}.o`);
  const manifestPath = (key: string): string => join(manifests, `${key}.json`);

  return {
    find(unitKey) {
      const match = readManifest(manifestPath(unitKey)).find(
        (one) =>
          one.headers.every(([path, hash]) => hashes.of(path)?.hash === hash) &&
          one.absent.every((path) => hashes.of(path) === undefined) &&
          hashes.of(objectPath(one.object))?.hash === one.hash,
      );
      if (match === undefined) return undefined;
      const { hash, headers, absent, output } = match;
      return { path: objectPath(match.object), hash, headers, absent, output };
    },

    store(unitKey, { object, headers, absent, output }) {
      mkdirSync(objects, { recursive: true });
      mkdirSync(manifests, { recursive: true });
      const made = hashes.once(object);
      if (made === undefined) throw new Error(`the compiler reported success and left no ${object}`);
      const key = contentHash(JSON.stringify([unitKey, headers]));
      renameSync(object, objectPath(key));
      const entry = {
        object: key,
        size: made.size,
        hash: made.hash,
        headers: headers.map(copyPair),
        absent: [...absent],
        output,
      };
      const others = readManifest(manifestPath(unitKey)).filter((one) => one.object !== key);
      replaceFile(manifestPath(unitKey), JSON.stringify([entry, ...others].slice(0, maxAlternatives)));
      return { path: objectPath(key), hash: made.hash, headers, absent, output };
    },
  };
}

/** Writes beside the place and renames, so that no reader ever sees half a file. */
export function replaceFile(path: string, text: string, encoding: BufferEncoding = 'utf8'): void {
  const beside = `${path}.${process.pid}.tmp`;
  writeFileSync(beside, text, encoding);
  renameSync(beside, path);
}

function copyPair([path, hash]: readonly [string, string]): [string, string] {
  return [path, hash];
}

function readManifest(path: string): Manifest {
  // Of a new text there is none, and an error that is thrown takes ten times as long as to ask.
  if (!existsSync(path)) return [];
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing, truncated or not ours: the unit is compiled again and the manifest written anew.
    return [];
  }
}
