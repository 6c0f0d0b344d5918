import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const repository = fileURLToPath(new URL('../../', import.meta.url));
export const headers = join(repository, 'modules/include');

export const compilers = {
  clang: { c: 'clang', cxx: 'clang++' },
  gcc: { c: 'gcc', cxx: 'g++' },
} as const;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds modules and the driver in a temp folder of its own, which disappears with it. */
export class Toolbox implements AsyncDisposable {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<Toolbox> {
    return new Toolbox(await mkdtemp(join(tmpdir(), 'hotmod-modules-')));
  }

  /** Compiles every source of a folder as hotmod does, with all warnings as errors, and links them to a library. */
  async module(folder: string, compiler: keyof typeof compilers = 'clang'): Promise<string> {
    const { c, cxx } = compilers[compiler];
    const sources = (await readdir(folder)).filter((name) => /\.(c|cc|cpp|S)$/.test(name));
    const out = await mkdtemp(join(this.dir, 'build-'));
    const objects = await Promise.all(
      sources.map(async (source) => {
        const object = join(out, `${source}.o`);
        const language = isCxx(source) ? [cxx, '-std=c++14'] : source.endsWith('.S') ? [c] : [c, '-std=c11'];
        const [program = c, ...standard] = language;
        await run(program, [
          ...standard,
          ...warnings,
          `-I${folder}`,
          `-I${headers}`,
          join(folder, source),
          '-o',
          object,
        ]);
        return object;
      }),
    );
    const library = join(out, `${basename(folder)}.so`);
    await run(sources.some(isCxx) ? cxx : c, ['-shared', ...objects, '-o', library]);
    return library;
  }

  /** Compiles test/helpers/module-driver.c, or another program that loads modules. */
  async program(source: string, ...flags: readonly string[]): Promise<string> {
    await mkdir(join(this.dir, 'bin'), { recursive: true });
    const program = join(this.dir, 'bin', basename(source).replace(/\.\w+$/, ''));
    const compile = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-g', '-rdynamic', `-I${headers}`];
    await run('clang', [...compile, ...flags, source, '-o', program, '-ldl']);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Runs a program to its end. `code` is its exit code, or -1 where a signal ended it. */
export async function finish(program: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(program, [...args], { encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

const warnings = ['-c', '-g', '-O0', '-fPIC', '-Wall', '-Wextra', '-Werror'];

function isCxx(source: string): boolean {
  return /\.(cc|cpp)$/.test(source);
}
