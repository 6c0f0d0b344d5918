import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash } from '../../files/hash.js';
import { packageRoot } from '../../paths.js';
import type { Run } from '../run.js';

const sourceDir = join(packageRoot, 'src/build/warm/native');

const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-shared'];

export interface WarmLibraryOptions {
  /** Absolute path of clang. */
  readonly compiler: string;
  /** Shared by all projects of a user; the library lies in `<cacheDir>/warm/<hash>/`. */
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: Run;
}

/**
 * Builds the library that is preloaded into tools from its C sources, once for each set of sources and compiler, and gives
 * its path. Two processes may do so at once: the last rename wins, with the same content.
 *
 * @throws Error with what the compiler said where it cannot be built.
 */
export async function buildWarmLibrary({ compiler, cacheDir, env, run }: WarmLibraryOptions): Promise<string> {
  const names = readdirSync(sourceDir).sort();
  const sources = names.map((name) => [name, readFileSync(join(sourceDir, name), 'utf8')]);
  const { size, mtimeMs } = statSync(compiler);
  const folder = join(cacheDir, 'warm', contentHash(JSON.stringify([sources, flags, compiler, size, mtimeMs])));
  const library = join(folder, 'libhotmod_warm.so');
  if (statSync(library, { throwIfNoEntry: false }) !== undefined) return library;

  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `${process.pid}-${Date.now()}.tmp`);
  const units = names.filter((name) => name.endsWith('.c'));
  const result = await run({
    file: compiler,
    args: [...flags, ...units, '-o', temporary, '-Wl,-z,defs', '-ldl'],
    cwd: sourceDir,
    env: {},
    baseEnv: env,
    shell: false,
    signal: new AbortController().signal,
  });
  if (result.exitCode !== 0) {
    rmSync(temporary, { force: true });
    throw new Error(result.output.trim().split('\n')[0] || `${compiler} did not build it`);
  }
  renameSync(temporary, library);
  return library;
}
