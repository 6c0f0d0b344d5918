import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** The file of a program on PATH, or null. */
export function programPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}

/**
 * `test` for one that is about programs that hotmod does not install. Where one of them is absent the test is skipped,
 * and its name says why.
 */
export function testWith(...programs: readonly string[]) {
  const reason = reasonToSkip(programs);
  return (name: string, run: () => Promise<void> | void): void => {
    test.skipIf(reason !== '')(name + reason, run);
  };
}

/** The same for a whole group. */
export function describeWith(...programs: readonly string[]) {
  const reason = reasonToSkip(programs);
  return (name: string, tests: () => void): void => {
    describe.skipIf(reason !== '')(name + reason, tests);
  };
}

function reasonToSkip(programs: readonly string[]): string {
  const absent = programs.filter((name) => programPath(name) === null);
  return absent.length === 0 ? '' : ` (skipped: ${absent.join(' and ')} not installed)`;
}

/** A group for each compiler that modules may be built with; gcc is only there where the machine has it anyway. */
export function describeEachCompiler(name: string, tests: (compiler: 'clang' | 'gcc') => void): void {
  for (const [compiler, ...programs] of [['clang'], ['gcc', 'gcc', 'g++']] as const) {
    describeWith(...programs)(name.replace('%s', compiler), () => tests(compiler));
  }
}

/** The program behind each `-fuse-ld=` name. */
const linkerPrograms = { mold: 'mold', lld: 'ld.lld', bfd: 'ld.bfd' } as const;
export type LinkerName = keyof typeof linkerPrograms;

export const linkerNames = ['mold', 'lld', 'bfd'] as const satisfies readonly LinkerName[];

export function linkerPath(name: LinkerName): string {
  const file = programPath(linkerPrograms[name]);
  if (file === null) throw new Error(`the linker ${name} is needed by this test and was not found`);
  return file;
}

/** A test for each linker, of which those of absent linkers are skipped. */
export function testEachLinker(name: string, run: (linker: LinkerName) => Promise<void> | void): void {
  for (const linker of linkerNames) {
    testWith(linkerPrograms[linker])(name.replace('%s', linker), () => run(linker));
  }
}

export function describeEachLinker(name: string, tests: (linker: LinkerName) => void): void {
  for (const linker of linkerNames)
    describeWith(linkerPrograms[linker])(name.replace('%s', linker), () => tests(linker));
}

/** The one hotmod would take itself. */
export function bestLinker(): LinkerName {
  return linkerNames.find(hasLinker) ?? 'bfd';
}

export function hasLinker(name: LinkerName): boolean {
  return programPath(linkerPrograms[name]) !== null;
}
