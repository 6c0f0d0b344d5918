import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { parseDependencyFile } from '../dependencies.js';
import type { FileHashes } from '../hashes.js';
import { type NameCache, searchIncludes } from '../includes.js';
import type { CompileStep } from '../plan.js';
import type { Surroundings } from '../surroundings.js';
import { isVolatile } from './shareable.js';

/** All that a unit reads, down to the last system header. */
export interface UnitInputs {
  /** Absolute path and content of each, the source not among them. */
  readonly files: readonly (readonly [string, string])[];
  /**
   * Places where one that appears would be found instead of some other: with a slash at the end nothing stands there
   * now, without it no file does.
   */
  readonly absent: readonly string[];
  /** No file of the project's folder was opened by a name that holds the folder's path. */
  readonly namedFromInside: boolean;
}

/**
 * Asks the compiler for every file that it reads (`-M`), which the build itself does not: system headers hardly ever
 * change while somebody works. Undefined where that cannot be said for sure: a file that is not among the `known` ones
 * changed since `before`, or one asks for the time.
 */
export async function listInputs(
  unit: CompileStep,
  systemDirs: readonly string[],
  known: { readonly files: ReadonlySet<string>; readonly before: number },
  around: Surroundings & { readonly names: NameCache },
): Promise<UnitInputs | undefined> {
  const { cwd, hashes } = around;
  mkdirSync(around.tempDir, { recursive: true });
  const file = join(around.tempDir, 'inputs.d');
  try {
    const result = await around.run({
      file: unit.command,
      args: [...unit.flags, '-w', '-M', '-MF', file, '-MT', 'object', unit.input],
      cwd,
      env: { ...around.env, TMPDIR: around.tempDir },
      ...(around.baseEnv === undefined ? {} : { baseEnv: around.baseEnv }),
      shell: false,
      signal: around.signal,
      makes: file,
    });
    if (result.exitCode !== 0) return undefined;
    const named = parseDependencyFile(readFileSync(file, 'utf8'));
    const paths = [...new Set(named.map((one) => resolve(cwd, one)))];
    const files: (readonly [string, string])[] = [];
    for (const path of paths) {
      const hashed = hashes.of(path);
      if (hashed === undefined || (!known.files.has(path) && hashed.changedMs >= known.before)) return undefined;
      if (isVolatileFile(path, hashed.hash)) return undefined;
      if (path !== unit.source) files.push([path, hashed.hash]);
    }
    const where = { searchDirs: [...unit.searchDirs, ...systemDirs], cwd };
    const { absent } = searchIncludes(unit.source, paths, where, hashes, around.names);
    const places = new Set([...absent, ...paths.flatMap((path) => besides(path, systemDirs))]);
    return {
      files,
      absent: [...new Set([...places].filter((path) => hashes.of(path) === undefined).map(topmostAbsent))],
      namedFromInside: named.every((one) => !isAbsolute(one) || !one.startsWith(cwd + sep)),
    };
  } finally {
    rmSync(around.tempDir, { recursive: true, force: true });
  }
}

/** Of a folder that is not there it is enough to know that it is not there. */
function topmostAbsent(path: string): string {
  if (existsSync(path)) return path;
  let top = path;
  for (let parent = dirname(top); parent !== top && !existsSync(parent); parent = dirname(top)) top = parent;
  return `${top}/`;
}

/** Whether it is as `UnitInputs.absent` says. */
export function isAbsent(place: string, hashes: FileHashes): boolean {
  return place.endsWith('/') ? !existsSync(place.slice(0, -1)) : hashes.of(place) === undefined;
}

/** The same name in the other system folders (`#include_next` takes one after the first), and what gcc takes for it (`.gch`). */
function besides(path: string, systemDirs: readonly string[]): readonly string[] {
  const home = systemDirs.map((dir) => resolve(dir)).find((dir) => path.startsWith(dir + sep));
  const name = home === undefined ? undefined : path.slice(home.length + 1);
  return [`${path}.gch`, ...(name === undefined ? [] : systemDirs.map((dir) => resolve(dir, name)))];
}

/** Content hash -> whether it is volatile; system headers are the same for all units. */
const looked = new Map<string, boolean>();

function isVolatileFile(path: string, hash: string): boolean {
  const known = looked.get(hash);
  if (known !== undefined) return known;
  const found = isVolatile(readFileSync(path, 'latin1'));
  if (looked.size > 20_000) looked.clear();
  looked.set(hash, found);
  return found;
}
