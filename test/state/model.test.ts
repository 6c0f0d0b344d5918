import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStateModel } from '../../src/state/model.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachCompiler, testWith } from '../helpers/programs.js';
import { buildModel, keyOf, pathsOf, variableOf } from '../helpers/state-model.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const tickC = `
  int shared = 3;
  static double total;
  static const int table[] = {1, 2, 3};
  const char *const names[] = {"a", "b"};
  int tick(void) { static long calls; calls++; total += table[calls % 3]; return shared + names[0][0]; }`;

describeEachCompiler('built by %s', (compiler) => {
  test('globals, statics and statics of functions are state, constants are not', async () => {
    const model = await buildModel(work, tickC, { compiler });

    expect(model.problem).toBeNull();
    expect(pathsOf(model)).toEqual(['shared', 'tick::calls', 'total']);
    expect(model.readOnly.map((one) => one.path).sort()).toEqual(['names', 'table']);
    expect(model.untyped).toEqual([]);
  });

  test('variables come with their place, their size, and their initial bytes', async () => {
    const model = await buildModel(work, tickC, { compiler });
    const [shared, total] = [variableOf(model, 'shared'), variableOf(model, 'total')];

    expect([shared.size, shared.initialised]).toEqual([4, true]);
    expect([...(model.initial(shared.address, shared.size) ?? [])]).toEqual([3, 0, 0, 0]);
    expect([total.size, total.initialised]).toEqual([8, false]);
    expect(model.initial(total.address, total.size)).toBeUndefined();
    expect(model.variables.map((one) => one.address)).toEqual(
      model.variables.map((one) => one.address).sort((a, b) => a - b),
    );
    expect(model.imageSize).toBeGreaterThanOrEqual(total.address + total.size);
  });

  test('keys name the symbol of what others see, and source and function of what they do not', async () => {
    const model = await buildModel(work, tickC, { compiler });

    expect(keyOf(model, 'shared', work)).toBe('global|shared');
    expect(keyOf(model, 'total', work)).toBe('static|one.c||total');
    expect(keyOf(model, 'tick::calls', work)).toBe('local|one.c||tick|calls');
  });

  test('statics of one name in several sources are told apart in key and path', async () => {
    const model = await buildModel(
      work,
      {
        'a.c': 'static int count; int *a(void) { return &count; }',
        'b.c': 'static int count; int *b(void) { return &count; }',
      },
      { compiler },
    );

    expect(pathsOf(model)).toEqual(['a.c:count', 'b.c:count']);
    expect(new Set(model.variables.map((one) => one.key)).size).toBe(2);
  });

  test('statics of sources of one name in several folders are told apart by the whole path', async () => {
    const text = (name: string): string => `static int count; int *${name}(void) { return &count; }`;
    const model = await buildModel(work, { 'x/util.c': text('a'), 'y/util.c': text('b') }, { compiler });

    expect(pathsOf(model)).toEqual([`${work.path}/x/util.c:count`, `${work.path}/y/util.c:count`]);
  });

  test('several statics of one name in one function are numbered as the source has them, initial value or not', async () => {
    const tick = (first: string, second: string): string =>
      `int tick(int x) {\n if (x) {\n static int n${first};\n return ++n;\n }\n static int n${second};\n return --n;\n}`;
    const places = async (first: string, second: string): Promise<readonly (readonly [string, number])[]> => {
      const model = await buildModel(work, tick(first, second), { compiler });
      return model.variables
        .map((one) => [one.key.replace(`${work.path}/`, ''), one.variable.place.line] as const)
        .sort((a, b) => a[1] - b[1]);
    };
    const expected = [
      ['local|one.c||tick|n', 3],
      ['local|one.c||tick|n|1', 6],
    ];

    expect(await places('', '')).toEqual(expected);
    expect(pathsOf(await buildModel(work, tick('', ''), { compiler }))).toEqual(['tick::n', 'tick::n#2']);
    expect(await places(' = 4', '')).toEqual(expected);
    expect(await places('', ' = 4')).toEqual(expected);
  });

  test('hidden variables keep the key of the name that all sources of the library know', async () => {
    for (const linker of ['lld', 'bfd']) {
      const model = await buildModel(work, 'int shared = 1; int *get(void) { return &shared; }', {
        compiler,
        args: ['-fvisibility=hidden', `-fuse-ld=${linker}`],
      });

      expect(variableOf(model, 'shared').key).toBe('global|shared');
    }
  });

  test('HOTMOD_WAS and HOTMOD_RESET are found in the debug information or in the line of the declaration', async () => {
    const model = await buildModel(
      work,
      `#include "hotmod_state.h"
      static int people HOTMOD_WAS("population");
      static int cached HOTMOD_RESET = 4;
      static int plain;
      int *get(int n) { return n == 0 ? &people : n == 1 ? &cached : &plain; }`,
      { compiler },
    );
    const marks = (path: string) => {
      const { was, reset } = variableOf(model, path);
      return { was, reset };
    };

    expect(marks('people')).toEqual({ was: 'population', reset: false });
    expect(marks('cached')).toEqual({ was: null, reset: true });
    expect(marks('plain')).toEqual({ was: null, reset: false });
  });

  test('HOTMOD_STATE_TYPE names the type of saved bytes and is no variable itself', async () => {
    const model = await buildModel(
      work,
      `#include "hotmod_state.h"
      struct saved { int a; double b; };
      HOTMOD_STATE_TYPE(struct saved);
      int none(void) { return 0; }`,
      { compiler },
    );

    expect(model.savedType).toMatchObject({ kind: 'record', name: 'saved', size: 16 });
    expect([...model.variables, ...model.readOnly].map((one) => one.path)).toEqual([]);
  });

  test('a library without state has no problem, with debug information or without', async () => {
    const text = 'int tick(void) { return 1; }';
    for (const args of [[], ['-g0'], ['-g1']]) {
      const model = await buildModel(work, text, { compiler, args });

      expect(model).toMatchObject({ problem: null, variables: [], untyped: [] });
    }
  });

  test('without debug information, or with line numbers alone, there is a problem and never no state', async () => {
    for (const args of [['-g0'], ['-g1']]) {
      const model = await buildModel(work, tickC, { compiler, args });

      expect(model.problem).toMatchObject({ problem: 'none' });
      expect(model.debug).toBeNull();
    }
  });

  test('without the symbols of statics, or without any, there is a problem', async () => {
    for (const args of [['-s'], ['-Wl,-x']]) {
      const model = await buildModel(work, tickC, { compiler, args });

      expect(model.problem).toEqual({ problem: 'none', message: 'its symbol table was stripped' });
    }
  });

  test('types that were moved to another file are a problem that says so', async () => {
    const model = await buildModel(work, tickC, { compiler, args: ['-gsplit-dwarf'] });

    expect(model.problem?.problem).toBe('unsupported');
    expect(model.problem?.message).toContain('.dwo');
  });

  test('sections for each variable, of which the linker drops what nobody uses, change nothing', async () => {
    const model = await buildModel(
      work,
      `${tickC}\nstatic int unused; __attribute__((visibility("hidden"))) int dropped = 4;`,
      {
        compiler,
        args: ['-fdata-sections', '-ffunction-sections', '-Wl,--gc-sections'],
      },
    );

    expect(model).toMatchObject({ problem: null, untyped: [] });
    expect(pathsOf(model)).toEqual(['shared', 'tick::calls', 'total']);
  });

  test('arrays without a length of their own have the bytes that were given to them', async () => {
    const model = await buildModel(
      work,
      'struct list { long n; short items[]; }; struct list list = {3, {1, 2, 3}}; int open[] = {1, 2, 3};',
      { compiler },
    );

    expect(variableOf(model, 'list').size).toBeGreaterThanOrEqual(14);
    expect(variableOf(model, 'open').size).toBe(12);
    expect(model.untyped).toEqual([]);
  });

  test('variables without bytes do not take the place of what stands where they do', async () => {
    const model = await buildModel(
      work,
      'struct none {}; int empty[0]; struct none nothing; int after[10]; int last;',
      {
        compiler,
      },
    );

    expect(variableOf(model, 'after').size).toBe(40);
    expect(variableOf(model, 'last').size).toBe(4);
    expect(model.untyped).toEqual([]);
  });

  test('a second name for one variable is no second variable', async () => {
    const model = await buildModel(
      work,
      'int kept = 4; extern int other __attribute__((alias("kept"))); int *get(void) { return &other; }',
      { compiler },
    );

    expect(model.variables.map((one) => one.key)).toEqual(['global|kept']);
    expect(model.untyped).toEqual([]);
  });
});

testWith('gcc')('two libraries of one source have the same keys, whatever else changed', async () => {
  const keys = async (more: string): Promise<readonly string[]> => {
    const model = await buildModel(work, `${more}${tickC}`);
    return model.variables.map((one) => one.key).filter((key) => !key.endsWith('new'));
  };

  expect((await keys('static char new[3]; char *get(void) { return new; }')).toSorted()).toEqual(
    (await keys('')).toSorted(),
  );
});

test('ten thousand variables are all found', async () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `int v${n}${n % 2 === 0 ? ` = ${n + 1}` : ''};`);
  const model = await buildModel(work, lines.join('\n'));

  expect(model.variables).toHaveLength(10_000);
  expect(model.untyped).toEqual([]);
});

test('no bytes make it throw', async () => {
  await buildModel(work, tickC);
  const good = await readFile(join(work.path, 'model.so'));
  const noLine = { sourceLine: () => null };
  const damaged = readStateModel(good.subarray(0, 3000), noLine);

  expect(readStateModel(new Uint8Array(0), noLine).problem?.problem).toBe('damaged');
  expect(readStateModel(new TextEncoder().encode('no library at all'), noLine).problem?.problem).toBe('damaged');
  expect(damaged.problem?.problem).toBe('damaged');
  for (let at = 0; at < good.length; at += 97) {
    const bytes = Uint8Array.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    expect(() => readStateModel(bytes, noLine)).not.toThrow();
  }
});
