import { isAbsolute, join, relative } from 'node:path';
import { contentHash } from '../../files/hash.js';
import type { CompileStep } from '../steps.js';
import type { Surroundings } from '../surroundings.js';
import type { CompilerProbe } from './compiler-probe.js';
import { namesItsFolder } from './shareable.js';

/** The names under which a unit can be found in the shared cache. */
export interface UnitKeys {
  /** Of an object made in this very folder. */
  readonly placed: string;
  /** Of one that would be the same in any; null where the folder's path goes into each object of these flags. */
  readonly portable: string | null;
}

/**
 * Everything that the compiler is given but the contents of headers. In the portable key stands `./` for the project's
 * folder where flags name places in it, so that a clone elsewhere has the same one.
 */
export function keysOf(unit: CompileStep, sourceHash: string, probe: CompilerProbe, around: Surroundings): UnitKeys {
  const { command, flags, input, language } = unit;
  const same = [around.identity, probe.identity(), command, language, sourceHash];
  const portable = !namesItsFolder(unit) && !isAbsolute(input);
  return {
    placed: contentHash(JSON.stringify(['placed', ...same, around.cwd, flags, input])),
    portable: portable
      ? contentHash(JSON.stringify(['portable', ...same, flags.map((flag) => inside(flag, around.cwd)), input]))
      : null,
  };
}

/** A path, or an option with a path behind it, with `./` in place of the project's folder. */
export function inside(text: string, root: string): string {
  const [, option = '', path = text] = /^(-I|-isystem|-iquote|-idirafter)(.+)$/.exec(text) ?? [];
  if (!isAbsolute(path)) return text;
  const short = relative(root, path);
  if (short.startsWith('..') || isAbsolute(short)) return text;
  // A slash at the end means something (`UnitInputs.absent`).
  return `${option}./${short}${path.endsWith('/') ? '/' : ''}`;
}

export function outside(path: string, root: string): string {
  return path.startsWith('./') ? join(root, path.slice(2)) : path;
}
