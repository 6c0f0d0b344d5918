import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStateModel } from '../../src/state/model.js';
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
  async function compare(before: string, after: string, cxx = false): Promise<readonly SignatureChange[]> {
    const read = async (output: string, text: string) => {
      const build = cxx
        ? { compiler: compiler === 'gcc' ? 'g++' : 'clang++', source: 'one.cpp' }
        : { compiler, source: 'one.c' };
      return readStateModel(await readFile(await work.build(output, text, build)), { sourceLine: () => null });
    };
    return compareSignatures(await read('old.so', before), await read('new.so', after));
  }

  test('a parameter or result of another type is a change, told as both declarations', async () => {
    const changes = await compare(
      'int add(int a, int b) { return a + b; } int same(void) { return 1; }',
      '\ndouble add(int a, double b) { return a + b; } int same(void) { return 2; }',
    );

    expect(changes).toMatchObject([
      { name: 'add', before: 'int add(int, int)', after: 'double add(int, double)', place: { line: 2 } },
    ]);
  });

  test('one more parameter is a change', async () => {
    expect(await compare('int f(int a) { return a; }', 'int f(int a, int b) { return a + b; }')).toHaveLength(1);
  });

  test('a struct passed by value whose layout changed is a change', async () => {
    const text = (field: string): string =>
      `struct point { int x; ${field} y; }; int f(struct point p) { return p.x + (int)p.y; }`;

    expect(await compare(text('int'), text('long'))).toHaveLength(1);
    expect(await compare(text('int'), text('int'))).toEqual([]);
  });

  test('names of parameters and of types are no part of the signature', async () => {
    expect(
      await compare(
        'typedef unsigned int count; count f(count a) { return a; }',
        'unsigned int f(const unsigned int other) { return other; }',
      ),
    ).toEqual([]);
  });

  test('an empty list of parameters may be written in two ways', async () => {
    expect(await compare('int f() { return 1; }', 'int f(void) { return 1; }')).toEqual([]);
  });

  test('functions that are not exported, new or gone are not compared', async () => {
    expect(
      await compare(
        'static int f(int a) { return a; } int (*used)(int) = f; int gone(void) { return 1; } __attribute__((visibility("hidden"))) int g(int a) { return a; }',
        'static int f(long a) { return a; } int (*used)(int) = (int (*)(int))f; int fresh(void) { return 1; } __attribute__((visibility("hidden"))) int g(long a) { return a; }',
      ),
    ).toEqual([]);
  });

  test('overloaded functions are compared one by one', async () => {
    const changes = await compare(
      'int f(int a) { return a; } int f(double a) { return a; } long g(int) { return 1; }',
      'int f(int a) { return a; } float f(double a) { return a; } long g(int) { return 2; }',
      true,
    );

    expect(changes).toMatchObject([{ name: 'f', symbol: '_Z1fd', before: 'int f(double)', after: 'float f(double)' }]);
  });

  test('another name of a function changes with it, although debug information does not know it', async () => {
    const text = (type: string): string =>
      `__attribute__((visibility("hidden"))) int f(${type} a) { return a != 0; }
       extern __typeof__(f) other __attribute__((alias("f"), visibility("default")));`;

    expect(await compare(text('int'), text('double'))).toMatchObject([
      { symbol: 'other', before: 'int f(int)', after: 'int f(double)' },
    ]);
  });
});
