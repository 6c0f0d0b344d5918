import { isAbsolute, join } from 'node:path';
import type { MachODylib, MachOFile } from '../objfile/macho-types.js';
import type { LibraryCache, LibraryInterface } from './library-cache.js';
import type { NeededLibraries } from './needed.js';
import { presentLibraries } from './present.js';
import { originOf } from './search-path.js';
import type { ValidateRequest, ValidationFinding } from './types.js';

/**
 * Finds the libraries that a Mach-O file names (dyld(1), "@rpath/"); HM306 for each that is missing. Those of the system
 * are in no file since macOS 11, and are taken to be there. What is found elsewhere is not followed further.
 */
export function findNeededDylibs(file: MachOFile, request: ValidateRequest, cache: LibraryCache): NeededLibraries {
  const present = presentLibraries(request, cache);
  const origin = request.origin ?? originOf(request.library);
  const libraries: LibraryInterface[] = [];
  const findings: ValidationFinding[] = [];
  for (const dylib of file.dylibs) {
    if (isOfSystem(dylib.name)) continue;
    const places = placesOf(dylib.name, file.rpaths, origin);
    const found =
      present.get(dylib.name) ??
      present.get(dylib.name.split('/').at(-1) ?? '') ??
      places.map((path) => cache.read(path)).find((library) => library !== null);
    if (found !== undefined) libraries.push(found);
    else if (isMissed(dylib, request)) findings.push(missing(dylib, places));
  }
  return { libraries, findings };
}

/** Folders that only the system fills. */
export function isOfSystem(name: string): boolean {
  return name.startsWith('/usr/lib/') || name.startsWith('/System/');
}

/** A path of the machine that it will run on says nothing about this one. */
function isMissed({ name, weak }: MachODylib, { target }: ValidateRequest): boolean {
  return !weak && !(target.runs.how === 'not' && isAbsolute(name));
}

function placesOf(name: string, rpaths: readonly string[], origin: string): readonly string[] {
  const replaced = (path: string): string => path.replace(/^@loader_path(?=\/|$)/, () => origin);
  const own = name.startsWith('@rpath/')
    ? rpaths.map((dir) => join(replaced(dir), name.slice('@rpath/'.length)))
    : [replaced(name)];
  return own.filter(isAbsolute);
}

function missing({ name }: MachODylib, places: readonly string[]): ValidationFinding {
  const looked = places.length === 0 ? 'it names no folder to look in' : `not found at ${places.join(', ')}`;
  return { code: 'HM306', message: `the library needs ${name}: ${looked}`, where: name };
}
