import { describe, expect, test } from 'vitest';
import type { DebugType, Field, RecordType } from '../../src/debuginfo/types.js';
import { createTypeComparer } from '../../src/layout/same.js';
import { compiledTypes, cpp } from '../helpers/compiled-types.js';

/** Compares the type of the variable `x` of two sources. */
async function compare(before: string, after: string, build = {}) {
  const [old, now] = [await compiledTypes(before, build), await compiledTypes(after, build)];
  const { same, sameLayout, difference } = createTypeComparer();
  const [a, b] = [old.of('x'), now.of('x')];
  return { same: same(a, b), sameLayout: sameLayout(a, b), difference: difference(a, b) };
}

const equal = { same: true, sameLayout: true, difference: null };

describe('two types of two builds', () => {
  test.each([
    ['typedef names and qualifiers do not matter', 'typedef int n; n x;', 'volatile int x;'],
    ['an array of a typedef of an array is one of two dimensions', 'typedef int row[3]; row x[2];', 'int x[2][3];'],
    ['a struct may take another name', 'struct a { int n; } x;', 'struct b { int n; } x;'],
    ['a new enumerator changes no value that lives', 'enum e { A, B } x;', 'enum e { A, B, C } x;'],
    [
      'a list that leads to itself is compared to its end',
      'struct l { struct l *next; int v; } x;',
      'struct l { struct l *next; int v; } x;',
    ],
    ['what is only declared has nothing but its name', 'struct s; struct s *x;', 'struct s; struct s *x;'],
  ])('are the same: %s', async (_, before, after) => {
    expect(await compare(before, after)).toEqual(equal);
  });

  test.each([
    ['a field moved', 'struct s { int a, b; } x;', 'struct s { int b, a; } x;', '.a'],
    ['a field took another type', 'struct s { int a; } x;', 'struct s { float a; } x;', '.a'],
    [
      'a field deep inside',
      'struct { struct { int v; } in[2]; } x;',
      'struct { struct { unsigned v; } in[2]; } x;',
      '.in[].v',
    ],
    ['a bit-field moved', 'struct { int a : 3, b : 4; } x;', 'struct { int a : 4, b : 4; } x;', '.a'],
    ['an enumerator was renumbered', 'enum e { A, B } x;', 'enum e { B, A } x;', ''],
    ['an enumerator is gone', 'enum e { A, B } x;', 'enum e { A } x;', ''],
    ['an array is longer', 'int x[3];', 'int x[4];', ''],
    ['a union became a struct', 'union { int a; } x;', 'struct { int a; } x;', ''],
    ['only the padding grew', 'struct { int a; } x;', 'struct { int a; } __attribute__((aligned(16))) x;', ''],
    ['numbers are read in another way', 'int x;', 'float x;', ''],
    ['floats of one size have two formats', 'long double x;', '__float128 x;', ''],
    ['a member of an anonymous union', 'struct { union { int a; }; } x;', 'struct { union { float a; }; } x;', '.a'],
    ['an element of a vector', 'typedef int v __attribute__((vector_size(16))); v x;', 'int x[4];', ''],
  ])('differ by value: %s', async (_, before, after, path) => {
    const found = await compare(before, after);
    expect(found).toMatchObject({ same: false, sameLayout: false });
    expect(found.difference?.path).toBe(path);
  });

  test.each([
    ['what a pointer leads to', 'struct s { int v; } *x;', 'struct s { long v; } *x;', '->v'],
    [
      'a field behind two',
      'struct s { struct { int v; } *in; } *x;',
      'struct s { struct { long v; } *in; } *x;',
      '->in->v',
    ],
    ['a parameter of a callback', 'void (*x)(int, char);', 'void (*x)(int, short);', '->(2)'],
    ['a result', 'int (*x)(void);', 'long (*x)(void);', '->()'],
    ['a declaration of another name', 'struct s; struct s *x;', 'struct t; struct t *x;', '->'],
    ['a declaration that is defined now', 'struct s; struct s *x;', 'struct s { int v; } *x;', '->'],
    [
      'a list whose elements grew',
      'struct l { struct l *next; int v; } *x;',
      'struct l { struct l *next; long v; } *x;',
      '->v',
    ],
  ])('differ behind a pointer alone: %s', async (_, before, after, path) => {
    const found = await compare(before, after);
    expect(found).toMatchObject({ same: false, sameLayout: true });
    expect(found.difference?.path).toBe(path);
  });

  test('differ by value first, then behind pointers', async () => {
    const found = await compare(
      'struct h { int f; }; struct { struct h *first; int money; } x;',
      'struct h { long f; }; struct { struct h *first; float money; } x;',
    );
    expect(found.difference).toEqual({ path: '.money', before: 'int', after: 'float' });
  });

  test('say where a field stood and stands', async () => {
    const found = await compare('struct { char a; int v : 3; } x;', 'struct { char a; int v : 5; } x;');
    expect(found.difference).toEqual({ path: '.v', before: 'int v : 3 at bit 8', after: 'int v : 5 at bit 8' });
  });

  test('differ where the arguments of a template do, even if no field shows them', async () => {
    const source = (type: string): string =>
      `template <class T> struct list { void *head; int n; }; template <class T> struct outer { struct inner { void *p; } in; };
       struct all { list<${type}> items; outer<${type}>::inner in; } x; int y = sizeof(outer<${type}>::inner);`;
    expect((await compare(source('int'), source('float'), cpp)).difference).toEqual({
      path: '.items',
      before: 'struct list<int>',
      after: 'struct list<float>',
    });
    expect(await compare(source('int'), source('int'), cpp)).toEqual(equal);
  });

  test('differ where a base does, and where a virtual function was added to a plain class', async () => {
    const derived = (base: string): string => `struct base { ${base} }; struct all : base { int v; } x;`;
    expect((await compare(derived('int a;'), derived('float a;'), cpp)).difference?.path).toBe('.a');
    const plain = 'struct all { long v; } x;';
    const withTable = 'struct all { virtual int f(); long v; } x; int all::f() { return 0; }';
    expect((await compare(plain, withTable, cpp)).sameLayout).toBe(false);
  });

  test('that lead to each other differ both, whichever is asked for first', async () => {
    const source = (type: string): string =>
      `struct b; struct a { struct b *b; }; struct b { struct a *a; ${type} v; }; struct a x; struct b y;`;
    for (const order of [
      ['x', 'y'],
      ['y', 'x'],
    ] as const) {
      const [old, now] = [await compiledTypes(source('int')), await compiledTypes(source('long'))];
      const { same } = createTypeComparer();
      expect(order.map((name) => same(old.of(name), now.of(name)))).toEqual([false, false]);
    }
  });

  test('may be nested deeper than a stack', () => {
    const chain = (last: DebugType): DebugType => {
      let type = last;
      for (let n = 0; n < 100_000; n++) type = { kind: 'pointer', form: 'pointer', size: 8, target: type };
      return type;
    };
    const { same, difference } = createTypeComparer();
    expect(same(chain(int), chain(int))).toBe(true);
    expect(difference(chain(int), chain({ ...int, name: 'long', size: 8 }))).toMatchObject({
      before: 'int',
      after: 'long',
    });
  });

  test('are not taken for the same after reading one of them failed half-way', () => {
    let broken = true;
    const inner = record([field('v', { kind: 'pointer', form: 'pointer', size: 8, target: int })]);
    const failing: DebugType = {
      kind: 'pointer',
      form: 'pointer',
      size: 8,
      get target(): DebugType {
        if (broken) throw new Error('damaged');
        return { ...int, name: 'float', encoding: 'float' };
      },
    };
    const { same } = createTypeComparer();
    const after = record([field('v', failing)]);
    expect(() => same(inner, after)).toThrow('damaged');
    broken = false;
    expect(same(inner, after)).toBe(false);
  });
});

const int = { kind: 'base', name: 'int', size: 4, encoding: 'signed' } as const;

function field(name: string, type: DebugType): Field {
  const place = { file: '', line: 0 };
  return { name, type, offset: 0, bitOffset: 0, bitSize: null, artificial: false, place, tags: [] };
}

function record(fields: readonly Field[]): RecordType {
  return {
    ...{ kind: 'record', form: 'struct', name: 's', scope: [], size: 8, align: null, complete: true, fields },
    ...{ bases: [], vtableOffset: null, place: { file: '', line: 0 }, unit: '' },
  };
}
