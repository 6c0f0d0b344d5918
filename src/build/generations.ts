import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FileHashes } from './hashes.js';
import { replaceFile } from './objects.js';

/**
 * Finished libraries, `<outDir>/generations/<module>/<key>.so`. A file here is never written to: a new version is a new
 * name, made elsewhere on the same file system and renamed into place, so that a loaded library stays as it is.
 */
export interface GenerationStore {
  /** Where the library of this key is, or would be. */
  pathOf(module: string, key: string): string;
  /** The library's path where it is there and whole. */
  find(module: string, key: string): string | undefined;
  /** Moves a finished library to its place. */
  put(module: string, key: string, file: string): string;
}

const noteSchema = z.object({ size: z.number(), hash: z.string() });

export function createGenerationStore(outDir: string, extension: string, hashes: FileHashes): GenerationStore {
  const dirOf = (module: string): string => join(outDir, 'generations', module);
  const pathOf = (module: string, key: string): string => join(dirOf(module), `${key}${extension}`);
  const notePath = (module: string, key: string): string => join(dirOf(module), `${key}.json`);

  return {
    pathOf,

    find(module, key) {
      const path = pathOf(module, key);
      const note = readNote(notePath(module, key));
      if (note === undefined) return undefined;
      const now = hashes.of(path);
      return now?.size === note.size && now.hash === note.hash ? path : undefined;
    },

    put(module, key, file) {
      mkdirSync(dirOf(module), { recursive: true });
      const made = hashes.once(file);
      if (made === undefined) throw new Error(`the linker reported success and left no ${file}`);
      const path = pathOf(module, key);
      renameSync(file, path);
      replaceFile(notePath(module, key), JSON.stringify({ size: made.size, hash: made.hash }));
      return path;
    },
  };
}

function readNote(path: string): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
