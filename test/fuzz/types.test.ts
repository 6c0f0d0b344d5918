import { beforeAll, describe, expect, test } from 'vitest';
import { compilerNames, type FuzzCompiler, findCompilers } from '../../src/fuzz/compilers.js';
import { generate } from '../../src/fuzz/generate.js';
import { createRandom } from '../../src/fuzz/random.js';
import { fuzzTypes } from '../../src/fuzz/types.js';

let compilers: readonly FuzzCompiler[] = [];

beforeAll(async () => {
  compilers = await findCompilers();
});

describe('types that are generated at random', () => {
  test.for(compilerNames)('have the offsets, sizes, bits and values that %s computed', async (name, { skip }) => {
    const compiler = compilers.find((one) => one.name === name);
    if (compiler === undefined) return skip(`${name} is not installed`);
    const result = await fuzzTypes(compiler, 4711, 400);

    expect(result.wrong).toEqual([]);
    expect(result.checks).toBeGreaterThanOrEqual(400);
  });

  test('clang is among the compilers, so that the test above tests something', () => {
    expect(compilers.map((one) => one.name)).toContain('clang, DWARF 5');
  });

  test('are the same for the same seed, and others for another', () => {
    const source = (seed: number): string => generate(createRandom(seed), 'c++', 20).source;

    expect(source(1)).toBe(source(1));
    expect(source(1)).not.toBe(source(2));
  });
});
