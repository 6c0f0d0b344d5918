import { isAbsolute, join } from 'node:path';
import type { ElfDynamic } from '../objfile/types.js';
import type { LibraryCache, LibraryInterface } from './library-cache.js';
import { presentLibraries } from './present.js';
import { defaultDirs, originOf, type Requester, replaceOrigin, searchDirs } from './search-path.js';
import type { ValidateRequest, ValidationFinding } from './types.js';

export interface NeededLibraries {
  /** Everything the loader would load for the module, its own library not included. */
  readonly libraries: readonly LibraryInterface[];
  readonly findings: readonly ValidationFinding[];
}

interface Wanted {
  readonly name: string;
  readonly by: string;
  readonly requester: Requester;
}

/** Finds the needed libraries and what those need in turn, breadth first like the loader; HM306 for each missing one. */
export function findNeeded(request: ValidateRequest, dynamic: ElfDynamic, cache: LibraryCache): NeededLibraries {
  const { target } = request;
  const systemDirs = [...target.libraryDirs, ...cache.configuredDirs(), ...defaultDirs(target.elfMachine)];
  const present = presentLibraries(request, cache);
  const found = new Map<string, LibraryInterface>();
  const findings: ValidationFinding[] = [];

  const own = requesterOf(dynamic, request.origin ?? originOf(request.library), []);
  const queue: Wanted[] = dynamic.needed.map((name) => ({ name, by: '', requester: own }));
  const asked = new Set<string>();
  for (let wanted = queue.shift(); wanted !== undefined; wanted = queue.shift()) {
    const { name, requester } = wanted;
    if (asked.has(name)) continue;
    asked.add(name);
    const dirs = searchDirs(requester, systemDirs);
    const library = present.get(name) ?? search(name, requester, dirs, target.elfMachine, cache);
    if (library === null) {
      findings.push(missing(wanted, dirs));
    } else if (!found.has(library.path)) {
      found.set(library.path, library);
      const next = requesterOf(library, originOf(library.path), requester.inheritedRpath);
      queue.push(...library.needed.map((needed) => ({ name: needed, by: name, requester: next })));
    }
  }
  return { libraries: [...found.values()], findings };
}

/** DT_RPATH counts only where there is no DT_RUNPATH, and then also for everything loaded on behalf of this library. */
function requesterOf(
  library: { readonly rpath: readonly string[]; readonly runpath: readonly string[] },
  origin: string,
  inherited: readonly string[],
): Requester {
  const rpath = library.runpath.length > 0 ? [] : library.rpath.map((dir) => replaceOrigin(dir, origin));
  return { origin, runpath: library.runpath, inheritedRpath: [...rpath, ...inherited] };
}

/** Like the loader, passes over files for another machine and goes on to the next folder. */
function search(
  name: string,
  requester: Requester,
  dirs: readonly string[],
  machine: number,
  cache: LibraryCache,
): LibraryInterface | null {
  const candidates = name.includes('/')
    ? [replaceOrigin(name, requester.origin)]
    : dirs.filter(isAbsolute).map((dir) => join(dir, name));
  for (const candidate of candidates) {
    const library = cache.read(candidate);
    if (library !== null && library.machine === machine) return library;
  }
  return null;
}

function missing(wanted: Wanted, dirs: readonly string[]): ValidationFinding {
  const who = wanted.by === '' ? 'the library needs' : `${wanted.by} needs`;
  const places = wanted.name.includes('/') ? 'that exact path' : dirs.join(', ');
  return {
    code: 'HM306',
    message: `${who} ${wanted.name}, which was not found for this machine in: ${places}`,
    where: wanted.name,
  };
}
