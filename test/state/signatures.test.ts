import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { compareSignatures } from '../../src/state/signatures.js';
import type { SignatureChange } from '../../src/state/types.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachCompiler } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

describeEachCompiler('built by %s', (compiler) => {
  async function compare(
    before: string,
    after: string,
    exported: readonly string[],
    cxx = false,
  ): Promise<readonly SignatureChange[]> {
    const read = async (output: string, text: string) => {
      const build = cxx
        ? { compiler: compiler === 'gcc' ? 'g++' : 'clang++', source: 'one.cpp' }
        : { compiler, source: 'one.c' };
      return readDebugInfo(await readFile(await work.build(output, text, build)));
    };
    return compareSignatures(await read('old.so', before), await read('new.so', after), new Set(exported));
  }

  test('a parameter or result of another type is a change, told as both declarations', async () => {
    const changes = await compare(
      'int add(int a, int b) { return a + b; } int same(void) { return 1; }',
      '\ndouble add(int a, double b) { return a + b; } int same(void) { return 2; }',
      ['add', 'same'],
    );

    expect(changes).toMatchObject([
      { name: 'add', before: 'int add(int, int)', after: 'double add(int, double)', place: { line: 2 } },
    ]);
  });

  test('one more parameter is a change', async () => {
    expect(await compare('int f(int a) { return a; }', 'int f(int a, int b) { return a + b; }', ['f'])).toHaveLength(1);
  });

  test('a struct passed by value whose layout changed is a change', async () => {
    const text = (field: string): string =>
      `struct point { int x; ${field} y; }; int f(struct point p) { return p.x + (int)p.y; }`;

    expect(await compare(text('int'), text('long'), ['f'])).toHaveLength(1);
    expect(await compare(text('int'), text('int'), ['f'])).toEqual([]);
  });

  test('names of parameters and of types are no part of the signature', async () => {
    expect(
      await compare(
        'typedef unsigned int count; count f(count a) { return a; }',
        'unsigned int f(const unsigned int other) { return other; }',
        ['f'],
      ),
    ).toEqual([]);
  });

  test('an empty list of parameters may be written in two ways', async () => {
    expect(await compare('int f() { return 1; }', 'int f(void) { return 1; }', ['f'])).toEqual([]);
  });

  test('functions that are not exported, new or gone are not compared', async () => {
    expect(
      await compare(
        'int f(int a) { return a; } int gone(void) { return 1; }',
        'int f(long a) { return a; } int fresh(void) { return 1; }',
        ['fresh'],
      ),
    ).toEqual([]);
  });

  test('overloaded functions are compared one by one', async () => {
    const changes = await compare(
      'int f(int a) { return a; } int f(double a) { return a; } long g(int) { return 1; }',
      'int f(int a) { return a; } float f(double a) { return a; } long g(int) { return 2; }',
      ['_Z1fi', '_Z1fd', '_Z1gi'],
      true,
    );

    expect(changes).toMatchObject([{ name: 'f', symbol: '_Z1fd', before: 'int f(double)', after: 'float f(double)' }]);
  });
});
