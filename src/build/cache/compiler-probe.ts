import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, join, resolve } from 'node:path';
import { contentHash } from '../../files/hash.js';
import type { CompileStep } from '../steps.js';
import type { Surroundings } from '../surroundings.js';
import { askOnce } from './ask-once.js';
import { findPrograms, isProgram } from './programs.js';

/** What a compiler is and where it looks, beyond its name and version. */
export interface CompilerProbe {
  /** Folders that it looks through for system headers, in order. */
  readonly systemDirs: readonly string[];
  /**
   * One hash over its programs and libraries as they are on disk now, and over how the driver calls them: the processor
   * that `-march=native` stands for, the version of libstdc++ that was found.
   */
  identity(): string;
}

export interface CompilerProbes {
  /** Undefined where the compiler is not surely what it seems: a script, ccache under its name. Asked once for all units of a kind. */
  of(unit: CompileStep, around: Surroundings): Promise<CompilerProbe | undefined>;
  /** The answer where there is one already; asks for it where not. */
  ready(unit: CompileStep, around: Surroundings): CompilerProbe | undefined;
}

export function createCompilerProbes(): CompilerProbes {
  const probes = askOnce<CompilerProbe>();
  const question = (unit: CompileStep, around: Surroundings) => {
    const flags = decisiveFlags(unit.flags);
    const key = JSON.stringify([around.identity, unit.command, unit.language, flags]);
    return [key, () => probe(unit, flags, around)] as const;
  };
  return {
    of: (unit, around) => probes.of(...question(unit, around)),
    ready: (unit, around) => probes.ready(...question(unit, around)),
  };
}

/** Without those that every module has others of and that change neither programs nor system folders. */
function decisiveFlags(flags: readonly string[]): readonly string[] {
  return flags.filter(
    (flag, at) => flag !== '-I' && flags[at - 1] !== '-I' && !/^-(?:[IDUWOg]|fdiagnostics)/.test(flag),
  );
}

async function probe(
  unit: CompileStep,
  flags: readonly string[],
  around: Surroundings,
): Promise<CompilerProbe | undefined> {
  const { cwd, baseEnv } = around;
  const asked = await around.run({
    file: unit.command,
    args: [...flags, '-v', '-fsyntax-only', '-x', unit.language, '/dev/null'],
    cwd,
    env: { LC_ALL: 'C' },
    baseEnv,
    shell: false,
    signal: new AbortController().signal,
  });
  if (asked.exitCode !== 0) return undefined;
  const answer = readVerbose(asked.output);
  // Gcc has its assembler do the rest; clang is its own.
  const assembler = /^COLLECT_GCC=/m.test(asked.output) ? [onPath('as', baseEnv?.PATH ?? '')] : [];
  const programs = [...new Set([unit.command, ...answer.programs, ...assembler].map((file) => realpathSync(file)))];
  if (!programs.every(isCompiler)) return undefined;
  const found = await findPrograms(programs, around);
  const said = answer.commands.map((line) => line.replaceAll(cwd, '.').replace(/\S*\/cc\w{6}\.\w+/g, ''));
  return {
    systemDirs: answer.systemDirs,
    identity: () => contentHash(JSON.stringify([said, answer.systemDirs, found.identity()])),
  };
}

/** Of what a driver prints for `-v`: the commands it runs, their programs, and the search list of `#include <...>`. */
export function readVerbose(text: string): {
  readonly commands: readonly string[];
  readonly programs: readonly string[];
  readonly systemDirs: readonly string[];
} {
  const list = /#include <\.\.\.> search starts here:\n([\s\S]*?)End of search list/.exec(text)?.[1] ?? '';
  const commands = text.split('\n').filter((line) => /^ "?\//.test(line) && / -/.test(line));
  return {
    commands,
    programs: commands.flatMap((line) => /^ "([^"]+)"/.exec(line)?.[1] ?? /^ (\S+)/.exec(line)?.[1] ?? []),
    // Clang prints those of gcc with many `..` in them.
    systemDirs: list.split('\n').flatMap((line) => (line.trim() === '' ? [] : [resolve(line.trim())])),
  };
}

function onPath(name: string, searchPath: string): string {
  const found = searchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error(`no ${name} on PATH`);
  return found;
}

/** A program that is what its name says: no script that may start anything, and no launcher under a compiler's name. */
function isCompiler(file: string): boolean {
  if (!/clang|gcc|g\+\+|c\+\+|^cc|cc1|(?:^|-)as$/.test(basename(file)) || /ccache|distcc|icecc/.test(basename(file)))
    return false;
  return isProgram(file);
}
