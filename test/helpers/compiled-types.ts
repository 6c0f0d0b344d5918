import { readFile } from 'node:fs/promises';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import type { DebugInfo, DebugType } from '../../src/debuginfo/types.js';
import { type ElfBuild, elfWorkspace } from './elf-workspace.js';

export interface CompiledTypes {
  readonly debug: DebugInfo;
  /** The type of a variable. */
  of(variable: string): DebugType;
}

/** What a real compiler says about the types of one source text. */
export async function compiledTypes(text: string, build: ElfBuild = {}): Promise<CompiledTypes> {
  await using workspace = await elfWorkspace();
  const debug = readDebugInfo(await readFile(await workspace.build('types.so', text, build)));
  return {
    debug,
    of(name) {
      const found = debug.variables.find((variable) => variable.name === name);
      if (found === undefined) throw new Error(`there is no variable ${name}`);
      return found.type;
    },
  };
}

/** Flags for C++ under clang, which otherwise leaves out what it takes to be described elsewhere. */
export const cpp: ElfBuild = { compiler: 'clang++', source: 'types.cpp', args: ['-std=c++17', '-fstandalone-debug'] };
