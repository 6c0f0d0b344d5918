import { dirname, isAbsolute, resolve } from 'node:path';
import { machineAArch64, machineX86_64 } from '../objfile/machines.js';

/** Who asks for a library: its search paths decide first. */
export interface Requester {
  /** The folder that `$ORIGIN` stands for. */
  readonly origin: string;
  readonly runpath: readonly string[];
  /** Its own DT_RPATH and that of those it was loaded for, origins replaced; they reach all the way down. */
  readonly inheritedRpath: readonly string[];
}

const multiarch: ReadonlyMap<number, string> = new Map([
  [machineX86_64, 'x86_64-linux-gnu'],
  [machineAArch64, 'aarch64-linux-gnu'],
]);

/** Folders that a loader searches when nothing else is said: Debian's multiarch ones, then lib64, then lib. */
export function defaultDirs(machine: number): readonly string[] {
  const triple = multiarch.get(machine);
  const own = triple === undefined ? [] : [`/lib/${triple}`, `/usr/lib/${triple}`];
  return [...own, '/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib'];
}

/**
 * Folders in the order of ld.so(8). LD_LIBRARY_PATH is not among them: the host runs with an environment of its own.
 *
 * @param systemDirs those of the target, of ld.so.conf and the default ones.
 */
export function searchDirs(requester: Requester, systemDirs: readonly string[]): readonly string[] {
  const own = requester.runpath.map((dir) => replaceOrigin(dir, requester.origin));
  const first = own.length > 0 ? own : requester.inheritedRpath;
  return [...new Set([...first, ...systemDirs])];
}

/**
 * `$ORIGIN` (ld.so(8), "Dynamic string tokens"). `$LIB` and `$PLATFORM` differ from one distribution to the next and are
 * left as they are: the folder is then not found, and the message shows why. Relative folders start at the origin.
 */
export function replaceOrigin(dir: string, origin: string): string {
  const replaced = dir.replaceAll(/\$(\{ORIGIN\}|ORIGIN\b)/g, () => origin);
  return isAbsolute(replaced) ? replaced : resolve(origin, replaced);
}

export function originOf(library: string): string {
  return dirname(library);
}
