import { resolve } from 'node:path';
import { quotedWords } from '../link-template.js';
import type { RunResult } from '../run.js';
import type { CompileStep } from '../steps.js';
import type { VirtualSource } from './virtual-source.js';

/** The compiler proper, ready to write a precompiled header. */
export interface FrontEnd {
  readonly file: string;
  readonly args: readonly string[];
  /** Every folder it looks through for headers, absolute. */
  readonly searched: readonly string[];
}

/**
 * Asks the driver how it would make a precompiled header of the source (`-###`) and puts the virtual source in its place,
 * which the driver itself would not take: it wants to see its inputs. Undefined where the answer is not understood.
 */
export async function askFrontEnd(
  unit: CompileStep,
  paths: {
    readonly header: string;
    readonly dependencies: string;
    readonly overlay: string;
    readonly virtual: VirtualSource;
  },
  run: (file: string, args: readonly string[]) => Promise<RunResult>,
  cwd: string,
): Promise<FrontEnd | undefined> {
  const { header, dependencies, overlay, virtual } = paths;
  const own = [
    ...['-fdiagnostics-color=never', '-MD', '-MF', dependencies, '-MT', 'object', '-ivfsoverlay', overlay],
    // Times of headers say nothing that their contents do not say better.
    ...['-Xclang', '-fno-pch-timestamp', '-x', `${unit.language}-header`],
  ];
  const asked = await run(unit.command, ['-###', ...unit.flags, ...own, unit.input, '-o', header]);
  if (asked.exitCode !== 0) return undefined;
  const commands = asked.output.split('\n').filter((line) => /^ "/.test(line));
  const [file, ...words] = commands.length === 1 ? quotedWords(commands[0] ?? '') : [];
  const input = words.lastIndexOf(unit.input);
  if (file === undefined || words[0] !== '-cc1' || input !== words.length - 1) return undefined;
  return { file, args: [...words.slice(0, -1), virtual.input], searched: searchedBy(words, cwd) };
}

const folderOption = /^-(?:I|iquote|idirafter|iwithsysroot|(?:internal-(?:externc-)?|c-|cxx-)?isystem)$/;

function searchedBy(words: readonly string[], cwd: string): readonly string[] {
  const found = words.flatMap((word, at) => (folderOption.test(word) ? [words[at + 1] ?? ''] : []));
  return [...new Set(found.filter((path) => path !== '').map((path) => resolve(cwd, path)))];
}
