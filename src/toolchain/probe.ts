import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from './run-tool.js';
import type { Toolchain } from './types.js';
import { which } from './which.js';

export type Environment = Readonly<Record<string, string | undefined>>;
type Compiler = Toolchain['compiler'];
type Linker = Toolchain['linker'];

/** A compiler with all that one look at it tells. */
export interface ProbedCompiler {
  readonly compiler: Compiler;
  readonly identity: string;
}

/** What `stat` says of a program; a change means that it must be looked at again. */
export async function stampOf(file: string): Promise<string> {
  const info = await stat(file).catch(() => null);
  return info === null ? 'missing' : `${info.ino}:${info.size}:${info.mtimeMs}`;
}

/** Asks a compiler what it is. Null where it does not run or says nothing that we know. */
export async function probeCompiler(file: string, env: Environment): Promise<ProbedCompiler | null> {
  const { exit, text } = await runTool(file, ['--version'], { env });
  if (exit !== 0) return null;
  const [versionText = ''] = text.split('\n');
  const recognized = recognize(versionText);
  if (recognized === null) return null;
  const info = await stat(file);
  // The whole text, because the installation folder and the default target stand in its later lines.
  const identity = [await realpath(file), info.size, info.mtimeMs, text.trim()].join('\n');
  return { compiler: { path: file, versionText, ...recognized }, identity };
}

/** `Debian clang version 14.0.6`, `Apple clang version 15.0.0 (...)`, `gcc-12 (Debian 12.2.0-14) 12.2.0`. */
export function recognize(versionText: string): Pick<Compiler, 'kind' | 'version'> | null {
  const clang = /clang version (\d+)\./.exec(versionText)?.[1];
  if (clang !== undefined) {
    return { kind: versionText.startsWith('Apple') ? 'apple-clang' : 'clang', version: Number(clang) };
  }
  const gcc = /^\S*(?:gcc|g\+\+|cc|c\+\+)\S* \(.*\) (\d+)\.\d/.exec(versionText)?.[1];
  return gcc === undefined ? null : { kind: 'gcc', version: Number(gcc) };
}

/**
 * Whether the compiler would link with this linker, and where it finds it. `-###` makes it print the commands it
 * would run; it runs none of them.
 *
 * @param name a `-fuse-ld=` name; `ld` stands for the compiler's own default
 */
export async function probeLinker(compiler: Compiler, name: Linker['name'], env: Environment): Promise<Linker | null> {
  const use = name === 'ld' ? [] : [`-fuse-ld=${name}`];
  return compiler.kind === 'gcc'
    ? probeLinkerOfGcc(compiler, name, use, env)
    : probeLinkerOfClang(compiler, { name, use }, env);
}

/** A linker the user named by its path. */
export async function probeLinkerAt(compiler: Compiler, file: string, env: Environment): Promise<Linker | null> {
  const name = (['mold', 'lld', 'bfd'] as const).find((known) => path.basename(file).includes(known)) ?? 'ld';
  if (compiler.kind === 'gcc') return null;
  const args = [`--ld-path=${file}`];
  const found = await probeLinkerOfClang(compiler, { name, use: args }, env);
  return found === null ? null : { ...found, args };
}

interface LinkerChoice {
  readonly name: Linker['name'];
  readonly use: readonly string[];
}

async function probeLinkerOfClang(compiler: Compiler, choice: LinkerChoice, env: Environment): Promise<Linker | null> {
  const args = ['-###', '-shared', ...choice.use, '-x', 'c', '/dev/null', '-o', 'probe.so'];
  const { text } = await runTool(compiler.path, args, { env });
  // An unknown linker leaves the exit status of `-###` at 0; only the message tells.
  if (/error:/.test(text)) return null;
  const command = text.trimEnd().split('\n').at(-1) ?? '';
  const file = /^\s*"((?:[^"\\]|\\.)*)"/.exec(command)?.[1]?.replace(/\\(.)/g, '$1');
  // The compiler prints a bare `ld` where it has found none.
  if (file === undefined || !path.isAbsolute(file)) return null;
  return (await stampOf(file)) === 'missing' ? null : { name: choice.name, path: file };
}

/** gcc's -### names collect2, which looks for the linker itself; gcc can be asked for the program it would take. */
async function probeLinkerOfGcc(
  compiler: Compiler,
  name: Linker['name'],
  use: readonly string[],
  env: Environment,
): Promise<Linker | null> {
  const program = name === 'ld' ? 'ld' : `ld.${name}`;
  const [accepted, found] = await Promise.all([
    runTool(compiler.path, ['-###', '-shared', ...use, '-x', 'c', '/dev/null', '-o', 'probe.so'], { env }),
    runTool(compiler.path, [`-print-prog-name=${program}`], { env }),
  ]);
  if (/error:/.test(accepted.text)) return null;
  // gcc answers with the bare name where it would leave the search to PATH.
  const file = await which(found.text.trim(), env.PATH ?? '');
  return file !== null && (await stampOf(file)) !== 'missing' ? { name, path: file } : null;
}
