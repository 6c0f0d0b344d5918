import { basename } from 'node:path';
import type { LibraryCache, LibraryInterface } from './library-cache.js';
import type { ValidateRequest } from './types.js';

/** Libraries that are loaded already when the module comes, by the names under which others may need them. */
export function presentLibraries(request: ValidateRequest, cache: LibraryCache): ReadonlyMap<string, LibraryInterface> {
  const { engine, modules } = request.providers;
  const present = new Map<string, LibraryInterface>();
  for (const path of [...engine.libraries, ...modules.map((module) => module.library)]) {
    const library = cache.read(path);
    if (library === null) continue;
    present.set(library.soname ?? basename(path), library);
    present.set(basename(path), library);
  }
  return present;
}
