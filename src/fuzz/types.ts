import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readDebugInfo } from '../debuginfo/read.js';
import { openAuthority } from './authority.js';
import { compare, type Wrong } from './check.js';
import type { FuzzCompiler } from './compilers.js';
import { type Generated, generate } from './generate.js';
import { createRandom } from './random.js';

export interface TypesResult {
  readonly compiler: string;
  readonly sources: number;
  readonly checks: number;
  readonly wrong: readonly (Wrong & { readonly seed: number })[];
  /** Compilers refuse some combinations (a bit-field wider than its type in another ABI): those sources count for nothing. */
  readonly refused: number;
}

const recordsPerSource = 40;

/**
 * Generates sources from seed on, compiles each, and compares what the debug information says of their types with what
 * the compiler computed, until at least `checks` answers were compared.
 */
export async function fuzzTypes(compiler: FuzzCompiler, seed: number, checks: number): Promise<TypesResult> {
  const dir = await mkdtemp(join(tmpdir(), 'hotmod-fuzz-'));
  const wrong: TypesResult['wrong'][number][] = [];
  const counts = { sources: 0, checks: 0, refused: 0 };
  try {
    for (let at = seed; counts.checks < checks && counts.refused < 20 + counts.sources; at++) {
      const language = compiler.cxx !== null && at % 3 === 2 ? 'c++' : 'c';
      const generated = generate(createRandom(at), language, recordsPerSource);
      const object = await compile(dir, compiler, generated);
      if (object === null) {
        counts.refused++;
        continue;
      }
      const found = compare(generated, readDebugInfo(object), openAuthority(object));
      wrong.push(...found.map((one) => ({ ...one, seed: at })));
      counts.sources++;
      counts.checks += generated.checks.length;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return { compiler: compiler.name, ...counts, wrong };
}

async function compile(
  dir: string,
  compiler: FuzzCompiler,
  { source, language }: Generated,
): Promise<Uint8Array | null> {
  const file = join(dir, `fuzz.${language === 'c' ? 'c' : 'cpp'}`);
  const object = join(dir, 'fuzz.o');
  await writeFile(file, source);
  const [command = '', ...args] = (language === 'c' ? compiler.c : compiler.cxx) ?? [];
  const result = await execa(command, [...args, file, '-o', object], { reject: false });
  return result.failed ? null : new Uint8Array(await readFile(object));
}
