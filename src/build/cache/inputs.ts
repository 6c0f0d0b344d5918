import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { parseDependencyFile } from '../dependencies.js';
import type { FileHashes } from '../hashes.js';
import { type NameCache, searchIncludes } from '../includes.js';
import type { CompileStep } from '../steps.js';
import type { Surroundings } from '../surroundings.js';
import { type TextTraits, traitsOf } from './shareable.js';

/** All that a unit reads, down to the last system header. */
export interface UnitInputs {
  /** Absolute path and content of each, the source not among them. */
  readonly files: readonly (readonly [string, string])[];
  /**
   * Places where one that appears would be found instead of some other: with a slash at the end nothing stands there
   * now, without it no file does.
   */
  readonly absent: readonly string[];
  /**
   * The project's path is in nothing that the source can see: its files were opened by names that do not hold it, or no
   * text asks for the name of a file. (Clang opens headers beside the source by the path of the `-I` for their folder.)
   */
  readonly placeUnseen: boolean;
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
      baseEnv: around.baseEnv,
      shell: false,
      signal: around.signal,
      makes: file,
    });
    if (result.exitCode !== 0) return undefined;
    const named = parseDependencyFile(readFileSync(file, 'utf8'));
    const paths = [...new Set(named.map((one) => resolve(cwd, one)))];
    const files: (readonly [string, string])[] = [];
    let asksNames = false;
    for (const path of paths) {
      const hashed = hashes.of(path);
      if (hashed === undefined || (!known.files.has(path) && hashed.changedMs >= known.before)) return undefined;
      const traits = traitsOfFile(path, hashed.hash);
      if (traits.volatile) return undefined;
      asksNames ||= traits.asksNames;
      if (path !== unit.source) files.push([path, hashed.hash]);
    }
    const where = { searchDirs: [...unit.searchDirs, ...systemDirs], cwd };
    const { absent } = searchIncludes(unit.source, paths, where, hashes, around.names);
    const places = new Set([...absent, ...paths.flatMap((path) => besides(path, where.searchDirs))]);
    const missing = [...new Set([...places].filter((path) => hashes.of(path) === undefined).map(topmostAbsent))];
    if (changedSince(missing, systemDirs, known.before)) return undefined;
    return {
      files,
      absent: missing,
      placeUnseen: !asksNames || named.every((one) => !isAbsolute(one) || !one.startsWith(cwd + sep)),
    };
  } finally {
    rmSync(around.tempDir, { recursive: true, force: true });
  }
}

/**
 * A header of the system that the compiler read and that is gone since is in no list, and another may be there in its
 * place; but the folder that it was in has changed.
 */
function changedSince(missing: readonly string[], systemDirs: readonly string[], before: number): boolean {
  const ofSystem = missing.filter((path) => systemDirs.some((dir) => path.startsWith(resolve(dir) + sep)));
  const folders = new Set(ofSystem.map((path) => dirname(path.replace(/\/$/, ''))));
  return [...folders].some((dir) => (statSync(dir, { throwIfNoEntry: false })?.ctimeMs ?? before) >= before);
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

/** The same name in every other folder (`#include_next` takes one after the first), and what gcc takes for it (`.gch`). */
function besides(path: string, dirs: readonly string[]): readonly string[] {
  const names = dirs.flatMap((dir) => {
    const home = resolve(dir) + sep;
    return path.startsWith(home) ? [path.slice(home.length)] : [];
  });
  return [`${path}.gch`, ...names.flatMap((name) => dirs.map((dir) => resolve(dir, name)))];
}

/** By content hash; system headers are the same for all units. */
const looked = new Map<string, TextTraits>();

function traitsOfFile(path: string, hash: string): TextTraits {
  const known = looked.get(hash);
  if (known !== undefined) return known;
  const found = traitsOf(readFileSync(path, 'latin1'));
  if (looked.size > 20_000) looked.clear();
  looked.set(hash, found);
  return found;
}
