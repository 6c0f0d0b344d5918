import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Storage } from '../../src/state/types.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachCompiler } from '../helpers/programs.js';
import { buildModel, keyOf, pathsOf, variableOf } from '../helpers/state-model.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

describeEachCompiler('built by %s', (name) => {
  const compiler = name === 'gcc' ? 'g++' : 'clang++';
  const standard = ['-std=c++17'];

  test('namespaces, classes, templates and lambdas hold state', async () => {
    const model = await buildModel(
      work,
      `namespace city { int people = 4; namespace { int hidden; } }
      struct S { static int member; static inline int inlined = 3; static constexpr int limit = 9; };
      int S::member = 5;
      template <class T> struct Pool { static int count; };
      template <class T> int Pool<T>::count = 2;
      inline int next() { static int n; return ++n; }
      extern "C" int use() {
        auto more = [] { static int made; return ++made; };
        return more() + next() + ++city::hidden + city::people + S::member + S::inlined + Pool<int>::count + Pool<double>::count;
      }`,
      { compiler, args: standard },
    );

    expect(model).toMatchObject({ problem: null, untyped: [] });
    expect(pathsOf(model).filter((path) => !path.endsWith('made'))).toEqual([
      'Pool<double>::count',
      'Pool<int>::count',
      'hidden',
      'inlined',
      'member',
      'next::n',
      'people',
    ]);
    expect(pathsOf(model).filter((path) => path.endsWith('operator()::made'))).toHaveLength(1);
    const counts = model.variables.filter((one) => one.variable.name === 'count');
    expect(counts.map((one) => one.key)).toEqual(['global|_ZN4PoolIiE5countE', 'global|_ZN4PoolIdE5countE']);
    expect(keyOf(model, 'people', work)).toBe('global|_ZN4city6peopleE');
    expect(keyOf(model, 'hidden', work)).toBe('static|one.cpp|city::|hidden');
    expect(keyOf(model, 'next::n', work)).toBe('local||_ZZ4nextvE|n');
  });

  test('members of classes in anonymous namespaces belong to their sources', async () => {
    const text = (name: string): string =>
      `namespace { struct S { static int member; }; int S::member = 4; } int ${name}() { return ++S::member; }`;
    const model = await buildModel(work, { 'a.cpp': text('a'), 'b.cpp': text('b') }, { compiler });

    expect(model.variables.map((one) => one.key.replace(`${work.path}/`, '')).sort()).toEqual([
      'static|a.cpp|::S|member',
      'static|b.cpp|::S|member',
    ]);
    expect(pathsOf(model)).toEqual(['a.cpp:S::member', 'b.cpp:S::member']);
  });

  test('a static of an inline function is one variable of all sources that use it', async () => {
    const inline = 'inline int next() { static int n; return ++n; }';
    const model = await buildModel(
      work,
      { 'a.cpp': `${inline} int a() { return next(); }`, 'b.cpp': `${inline} int b() { return next(); }` },
      { compiler },
    );

    expect(model.variables.map((one) => [one.path, one.key])).toEqual([['next::n', 'local||_ZZ4nextvE|n']]);
  });

  test('statics of overloaded functions keep their keys when another overload comes before them', async () => {
    const overload = (type: string): string => `static int f(${type}) {\n static int n;\n return ++n;\n}\n`;
    const build = (types: readonly string[]) => {
      const calls = types.map((type) => `f((${type})1)`).join('+');
      return buildModel(work, `${types.map(overload).join('')}extern "C" int use() { return ${calls}; }`, { compiler });
    };
    const keys = async (...types: readonly string[]) => (await build(types)).variables.map((one) => one.key);
    const paths = async (...types: readonly string[]) => pathsOf(await build(types));
    const before = await keys('int', 'double');
    const after = await keys('char', 'double', 'int');

    expect(new Set(before).size).toBe(2);
    expect(await paths('int', 'double')).toEqual(['f::n#1', 'f::n#2']);
    expect(after).toEqual(expect.arrayContaining([...before]));
  });

  test('statics of one name in several lambdas are a group that is numbered, however the compiler numbers lambdas', async () => {
    const lambda = (n: number): string => `auto l${n} = [] {\n static int made;\n return ++made;\n };\n`;
    const unlike = 'auto other = [] { return 1; };\n';
    const keys = async (first: string): Promise<readonly string[]> => {
      const text = `extern "C" int use() {\n ${first}${lambda(1)}${lambda(2)} return l1() + l2();\n}`;
      return (await buildModel(work, text, { compiler })).variables.map((one) => one.key).sort();
    };
    const before = await keys('');

    expect(before).toHaveLength(2);
    expect(before[1]).toBe(`${before[0]}|1`);
    expect(await keys(unlike)).toEqual(before);
  });

  const guardedCxx = (value: string): string =>
    `#include <string>
    static int length(int n) { static std::string text(n, '${value}'); return (int)text.size(); }
    int use_${value}(int n) { return length(n); }`;

  test('the guard of a static goes with its variable, also where two sources have the same', async () => {
    const model = await buildModel(work, { 'a.cpp': guardedCxx('a'), 'b.cpp': guardedCxx('b') }, { compiler });
    const guards = model.variables
      .filter((one) => one.variable.name === 'text')
      .flatMap(({ guard }): readonly Storage[] => (guard === null ? [] : [guard]));
    const symbols = await work.run('sh', '-c', 'nm model.so | grep _ZGV');

    expect(guards).toHaveLength(2);
    expect(new Set(guards.map(({ address }) => address)).size).toBe(2);
    for (const { address, size } of guards) {
      expect(symbols).toContain(address.toString(16));
      expect(size).toBe(8);
    }
    expect(model.untyped).toEqual([]);
  });

  test('each guard is the one of its own source', async () => {
    const model = await buildModel(work, { 'a.cpp': guardedCxx('a'), 'b.cpp': guardedCxx('b') }, { compiler });
    const [first, second] = ['a.cpp', 'b.cpp'].map((file) => variableOf(model, `${file}:length::text`));

    // Linkers keep the order of the sources.
    expect(Math.sign((first?.address ?? 0) - (second?.address ?? 0))).toBe(
      Math.sign((first?.guard?.address ?? 0) - (second?.guard?.address ?? 0)),
    );
  });

  test('virtual tables are listed by name, those of two anonymous namespaces with their sources', async () => {
    const shape = (name: string): string =>
      `namespace { struct Shape { virtual int sides() { return 3; } }; Shape shape; }
      int ${name}() { return shape.sides(); }`;
    const model = await buildModel(
      work,
      { 'a.cpp': `${shape('a')} struct Own { virtual int f(); }; int Own::f() { return 1; }`, 'b.cpp': shape('b') },
      { compiler },
    );
    const tables = [...model.vtables.keys()].filter((key) => !key.includes('__cxxabiv'));

    expect(tables.sort()).toEqual(['_ZTV3Own', 'a.cpp:_ZTVN12_GLOBAL__N_15ShapeE', 'b.cpp:_ZTVN12_GLOBAL__N_15ShapeE']);
    expect(model.vtables.get('_ZTV3Own')?.size).toBe(24);
  });

  test('thread-local variables are named once, as the source writes them', async () => {
    const model = await buildModel(
      work,
      `#include <string>
      thread_local std::string name("x"); static thread_local int depth;
      int use() { thread_local int inside; return (int)name.size() + ++depth + ++inside; }`,
      { compiler },
    );

    expect([...model.threadLocals].sort()).toEqual(['depth', 'inside', 'name']);
    expect(pathsOf(model)).toEqual([]);
    expect(model.untyped).toEqual([]);
  });

  test('objects with destructors make the library have some, unless they register with the engine', async () => {
    const text = '#include <string>\nstatic std::string name("x"); int use() { return (int)name.size(); }';

    expect((await buildModel(work, text, { compiler })).destructors).toBe(true);
    expect((await buildModel(work, text, { compiler, args: ['-Wl,--wrap=__cxa_atexit'] })).destructors).toBe(false);
  });

  test('HOTMOD_WAS and HOTMOD_RESET are read from the line of the declaration', async () => {
    const model = await buildModel(
      work,
      `#include "hotmod_state.h"
      namespace city { int people HOTMOD_WAS("population"); }
      static int cached HOTMOD_RESET = 4;
      int use() { static int calls HOTMOD_WAS("count") = 1; return city::people + ++cached + ++calls; }`,
      { compiler },
    );

    expect(variableOf(model, 'people').was).toBe('population');
    expect(variableOf(model, 'cached').reset).toBe(true);
    expect(variableOf(model, 'use::calls').was).toBe('count');
  });

  test('what a reference keeps alive has no type of its own', async () => {
    const model = await buildModel(
      work,
      `int start(); struct Kept { int n; Kept() : n(start()) {} }; int start() { return 3; }
      const Kept &kept = Kept(); int use() { return kept.n; }`,
      { compiler },
    );

    expect(model.untyped.map(({ name }) => name)).toEqual(['_ZGR4kept_']);
  });
});
