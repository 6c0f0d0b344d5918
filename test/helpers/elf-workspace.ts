import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ElfBuild {
  /** `clang`, `clang++`, `gcc` or `g++`. */
  readonly compiler?: string;
  /** File name of the source, whose ending gives the language. */
  readonly source?: string;
  /** Flags in place of those that make a shared library with debug information. */
  readonly kind?: readonly string[];
  readonly args?: readonly string[];
}

/** A temporary folder in which real compilers make real files. */
export interface ElfWorkspace extends AsyncDisposable {
  readonly path: string;
  /** Compiles and links one source text; resolves to the path of the file it made. */
  build(output: string, text: string, build?: ElfBuild): Promise<string>;
  /** Any other tool (ar, readelf), run in the folder; resolves to what it printed. */
  run(command: string, ...args: string[]): Promise<string>;
}

const sharedLibrary = ['-shared', '-fPIC', '-g', '-Wl,-Bsymbolic'] as const;

export async function elfWorkspace(): Promise<ElfWorkspace> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-elf-')));
  return {
    path,
    async build(output, text, { compiler = 'clang', source = `${output}.c`, kind = sharedLibrary, args = [] } = {}) {
      await writeFile(join(path, source), text);
      await run(compiler, [...kind, '-o', output, source, ...args], { cwd: path });
      return join(path, output);
    },
    async run(command, ...args) {
      // Tools translate their output; tests read the original.
      return (await run(command, args, { cwd: path, env: { ...process.env, LC_ALL: 'C' } })).stdout;
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
