import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type IncludeName, scanAssemblerFiles, scanIncludes } from './dependencies.js';
import type { FileHashes } from './hashes.js';

/** What a translation unit may read, found without the compiler. */
export interface IncludeSearch {
  /** Files reached from the source by the names in their text, the source itself not among them; absolute. */
  readonly reached: readonly string[];
  /** Of those, files that only the assembler reads: no dependency file names them. */
  readonly byAssembler: readonly string[];
  /** Places on the search path of some name where no file stands. */
  readonly absent: readonly string[];
}

/**
 * Follows the names in a source and in what they lead to. `more` are files known from the dependency file, whose names
 * are followed as well, so that a header reached by a macro's name is not lost.
 */
export function searchIncludes(
  source: string,
  more: readonly string[],
  where: { readonly searchDirs: readonly string[]; readonly cwd: string },
  hashes: FileHashes,
  names: NameCache,
): IncludeSearch {
  const reached = new Set<string>();
  const byAssembler = new Set<string>();
  const absent = new Set<string>();
  const seen = new Set<string>();
  const waiting = [source, ...more];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const found = namesIn(file, hashes, names);
    for (const name of found.includes) follow(placesOf(name, file), false);
    for (const name of found.assembler)
      follow(
        [where.cwd, ...where.searchDirs].map((dir) => resolve(dir, name)),
        true,
      );
  }
  reached.delete(source);
  return { reached: [...reached], byAssembler: [...byAssembler], absent: [...absent] };

  function placesOf({ name, beside }: IncludeName, file: string): readonly string[] {
    return [...(beside ? [dirname(file)] : []), ...where.searchDirs].map((dir) => resolve(dir, name));
  }

  /** The compiler takes the first place that holds a file; places after it cannot matter. */
  function follow(places: readonly string[], assembler: boolean): void {
    for (const place of places) {
      if (hashes.of(place) === undefined) {
        absent.add(place);
        continue;
      }
      reached.add(place);
      if (assembler) byAssembler.add(place);
      waiting.push(place);
      return;
    }
  }
}

interface FileNames {
  readonly includes: readonly IncludeName[];
  readonly assembler: readonly string[];
}

/** Content hash -> names in that content, so that a header is searched once however many units include it. */
export type NameCache = Map<string, FileNames>;

/** One entry for each version of each file: a long session must not grow without end. */
const maxRemembered = 5000;

/** Large data pulled in by `.incbin` is not searched for names. */
const maxSearched = 32 * 1024 * 1024;
const noNames: FileNames = { includes: [], assembler: [] };

function namesIn(file: string, hashes: FileHashes, cache: NameCache): FileNames {
  const key = hashes.of(file)?.hash;
  if (key === undefined) return noNames;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const found = readNames(file);
  if (cache.size >= maxRemembered) cache.clear();
  cache.set(key, found);
  return found;
}

function readNames(file: string): FileNames {
  try {
    const data = readFileSync(file);
    if (data.length > maxSearched || data.subarray(0, 4096).includes(0)) return noNames;
    const text = data.toString('utf8');
    return { includes: scanIncludes(text), assembler: /\.(?:s|S|inc)$/.test(file) ? scanAssemblerFiles(text) : [] };
  } catch {
    return noNames;
  }
}
