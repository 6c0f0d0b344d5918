import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { publicHeadersDir } from '../paths.js';
import { engineSourceDir } from './paths.js';

type ObjectFormat = 'elf' | 'mach-o';

export interface EngineBuildOptions {
  /** Absolute path of clang. */
  readonly compiler: string;
  /** Shared by all projects of a user or kept in one; the engine lies in `<cacheDir>/engine/<hash>/`. */
  readonly cacheDir: string;
  /** Of the machine that it is built for. Default: this one's. */
  readonly objectFormat?: ObjectFormat;
  /** What the compiler must be told to build for another machine. */
  readonly crossFlags?: readonly string[];
  /** The command that checks the machine for it. Default: `hotmod doctor`. */
  readonly doctor?: string;
}

/**
 * Builds the engine's library from its C sources, once for each set of sources, flags and compiler, and gives its path.
 * Two processes may do so at once: each writes a file of its own and the last rename wins with the same content.
 */
export async function buildEngine(options: EngineBuildOptions): Promise<string> {
  const format = options.objectFormat ?? (process.platform === 'darwin' ? 'mach-o' : 'elf');
  const flags = [...(options.crossFlags ?? []), ...compileFlags(format)];
  const name = format === 'mach-o' ? 'libhotmod_engine.dylib' : 'libhotmod_engine.so';
  const sources = await engineSources();
  const compiler = await compilerIdentity(options.compiler);
  const folder = join(options.cacheDir, 'engine', await hashOf(sources, [...flags, compiler]));
  const library = join(folder, name);
  if (await exists(library)) return library;

  const temporary = join(folder, `${randomUUID()}.tmp`);
  const units = sources.filter((file) => file.endsWith('.c'));
  await mkdir(folder, { recursive: true });
  const result = await execa(options.compiler, [...flags, ...units, '-o', temporary], {
    reject: false,
    stdin: 'ignore',
  });
  if (result.failed) {
    await rm(temporary, { force: true });
    throw new HotmodError(
      'HM530',
      `The engine could not be built with ${options.compiler}:\n${result.stderr || result.shortMessage}`,
      {
        hint: `Run "${options.doctor ?? 'hotmod doctor'}" to check the compiler and the C library headers.`,
        exitCode: exitCode.missing,
      },
    );
  }
  await rename(temporary, library);
  return library;
}

function compileFlags(format: ObjectFormat): readonly string[] {
  // The name inside the library satisfies modules that were linked against the engine: the loader compares it with
  // their DT_NEEDED entry and takes the engine that is loaded already (gABI chapter 5, "Shared Object Dependencies").
  const shared =
    format === 'mach-o'
      ? ['-dynamiclib', '-Wl,-install_name,@rpath/libhotmod_engine.dylib']
      : ['-shared', '-Wl,-soname,libhotmod_engine.so', '-Wl,-z,defs', '-ldl', '-lm'];
  return [
    '-std=c11',
    '-D_GNU_SOURCE',
    '-D_DARWIN_C_SOURCE',
    '-O2',
    '-g',
    '-fPIC',
    '-fvisibility=hidden',
    '-pthread',
    '-Wall',
    '-Wextra',
    ...shared,
    `-I${publicHeadersDir}`,
  ];
}

async function engineSources(): Promise<readonly string[]> {
  const names = await readdir(engineSourceDir);
  return names
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => join(engineSourceDir, name));
}

/** A compiler that was updated in place has another size or time; asking it for its version would cost a start. */
async function compilerIdentity(compiler: string): Promise<string> {
  try {
    const path = await realpath(compiler);
    const { size, mtimeMs } = await stat(path);
    return `${path} ${size} ${mtimeMs}`;
  } catch (cause) {
    throw new HotmodError('HM530', `The engine needs a C compiler, and ${compiler} is none: ${messageOf(cause)}.`, {
      hint: 'Run "hotmod doctor --fix" to install clang, or name one with build.compiler.',
      exitCode: exitCode.missing,
      cause,
    });
  }
}

async function hashOf(sources: readonly string[], rest: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const headers = ['module_interface.h', 'hotmod_state.h'].map((name) => join(publicHeadersDir, name));
  for (const file of [...sources, ...headers]) {
    hash
      .update(basename(file))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  }
  for (const text of rest) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
