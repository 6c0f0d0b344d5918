import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { contentHash } from '../../files/hash.js';
import type { Surroundings } from '../surroundings.js';

/** Programs with all the libraries they are loaded with, to be looked at again and again. */
export interface Programs {
  /** A hash over what all these files are on disk now. */
  identity(): string;
}

/** Looks up what programs are loaded with, as ldd(1) does it. Only names and times are read, of some 30 files. */
export async function findPrograms(paths: readonly string[], around: Surroundings): Promise<Programs> {
  const programs = [...new Set(paths.map((file) => realpathSync(file)))];
  // `--version`, should one be no dynamic program and run.
  const trace = programs.map((file) => `LD_TRACE_LOADED_OBJECTS=1 '${file.replaceAll("'", "'\\''")}' --version`);
  const traced = await around.run({
    file: trace.join('; '),
    args: [],
    cwd: around.cwd,
    env: { LC_ALL: 'C' },
    baseEnv: around.baseEnv,
    shell: true,
    signal: new AbortController().signal,
  });
  const libraries = [...traced.output.matchAll(/(?:=> |^\t)(\/.*) \(0x/gm)].map(([, path = '']) => path);
  const files = [...new Set([...programs, ...libraries])].sort();
  return { identity: () => contentHash(JSON.stringify(files.map(stampOf))) };
}

/** No script, which may start anything. */
export function isProgram(file: string): boolean {
  const magic = Buffer.alloc(2);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, magic, 0, 2, 0);
  closeSync(descriptor);
  return magic.toString('latin1') !== '#!';
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return `${path}:${found?.ino}:${found?.size}:${found?.mtimeMs}:${found?.ctimeMs}`;
}
