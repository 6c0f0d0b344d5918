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
/** Of the list before: an edit changes one library of hundreds, and those of modules are named by their content. */
let before: ReadonlyMap<string, LibraryInterface> = new Map();

export function presentLibraries(request: ValidateRequest, cache: LibraryCache): PresentLibraries {
  const { engine, modules } = request.providers;
  const ofModules = known.get(modules) ?? byName(modules, (path) => before.get(path) ?? cache.read(path));
  if (!known.has(modules)) before = librariesOf(ofModules);
  known.set(modules, ofModules);
  const ofEngine = byName(
    engine.libraries.map((library) => ({ name: null, library })),
    cache.read,
  );
  return {
    get: (name) =>
      (ofModules.get(name)?.findLast(({ module }) => module !== request.module.name) ?? ofEngine.get(name)?.at(-1))
        ?.library,
  };
}

function librariesOf(present: ReadonlyMap<string, readonly Present[]>): typeof before {
  return new Map([...present.values()].flat().map(({ library }) => [library.path, library]));
}

function byName(
  files: readonly { readonly name: string | null; readonly library: string }[],
  read: LibraryCache['read'],
): ReadonlyMap<string, readonly Present[]> {
  const present = new Map<string, Present[]>();
  for (const { name: module, library: path } of files) {
    const library = read(path);
    if (library === null) continue;
    for (const name of new Set([library.soname ?? basename(path), basename(path)])) {
      const others = present.get(name);
      if (others === undefined) present.set(name, [{ module, library }]);
      else others.push({ module, library });
    }
  }
  return present;
}
