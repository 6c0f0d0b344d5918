import { basename } from 'node:path';
import type { LibraryCache, LibraryInterface } from './library-cache.js';
import type { ModuleLibrary, ValidateRequest } from './types.js';

/** Libraries that are loaded already when the module comes, by the names under which others may need them. */
export interface PresentLibraries {
  get(name: string): LibraryInterface | undefined;
}

interface Present {
  /** Of which module it is; null for a library of the engine. */
  readonly module: string | null;
  readonly library: LibraryInterface;
}

/** By the list they were asked for, because all modules of a save ask for the same one. */
const known = new WeakMap<readonly ModuleLibrary[], ReadonlyMap<string, readonly Present[]>>();

export function presentLibraries(request: ValidateRequest, cache: LibraryCache): PresentLibraries {
  const { engine, modules } = request.providers;
  const ofModules = known.get(modules) ?? byName(modules, cache);
  known.set(modules, ofModules);
  const ofEngine = byName(
    engine.libraries.map((library) => ({ name: null, library })),
    cache,
  );
  return {
    get: (name) =>
      (ofModules.get(name)?.findLast(({ module }) => module !== request.module.name) ?? ofEngine.get(name)?.at(-1))
        ?.library,
  };
}

function byName(
  files: readonly { readonly name: string | null; readonly library: string }[],
  cache: LibraryCache,
): ReadonlyMap<string, readonly Present[]> {
  const present = new Map<string, Present[]>();
  for (const { name: module, library: path } of files) {
    const library = cache.read(path);
    if (library === null) continue;
    for (const name of new Set([library.soname ?? basename(path), basename(path)])) {
      const others = present.get(name);
      if (others === undefined) present.set(name, [{ module, library }]);
      else others.push({ module, library });
    }
  }
  return present;
}
