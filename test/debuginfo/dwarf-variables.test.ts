import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asRecord,
  type DebugBuild,
  debugBuild,
  fieldOf,
  flavours,
  only,
  spell,
  symbolsOf,
} from '../helpers/debug-builds.js';

const header = `
struct shared { int kept; struct hidden *hidden; };
extern struct shared shared_one;
extern __thread long counted;
`;
const first = `
#include "shared.h"
struct same { int in_first; };
struct same first_same = { 1 };
struct shared shared_one;
__thread long counted = 5;
static __thread int counted_here;
static int file_static = 3;
const int table[3] = { 1, 2, 3 };
typedef const char *const fixed_text;
static fixed_text words[] = { "a", "b" };
volatile int seen;
__attribute__((weak)) int overridable = 8;
int step(int by) {
  static int calls;
  calls += by + file_static++ + counted_here++;
  for (int i = 0; i < by; i++) {
    static long inner = 4;
    inner += i + table[i % 3];
    if (i > 3) { static char inner = 'x'; inner++; calls += inner; }
  }
  seen = words[by & 1][by];
  return calls;
}
`;
const second = `
#include "shared.h"
struct same { double in_second; };
struct same second_same = { 2 };
struct hidden { int found; } the_hidden;
static int file_static = 30;
int other(int by) {
  static int calls = 9;
  extern int later;
  calls += by + later;
  return calls + file_static++;
}
int later = 11;
`;
const files = { 'shared.h': header, 'first.c': first, 'second.c': second };

describe.each(flavours)('of $name', (flavour) => {
  let build: DebugBuild;
  beforeAll(async () => {
    build = await debugBuild({ files, flavour });
  });
  afterAll(() => build[Symbol.asyncDispose]());

  test('every variable has the address and the size of its symbol, and none is told twice', () => {
    const symbols = symbolsOf(build).filter((one) => one.type === 'object' && one.defined);
    // Optimisers number statics and split or drop them; what is described must still be where the symbol is.
    const plain = flavour.args.includes('-O2') ? [] : symbols.map((one) => `${one.value}`);
    const found = build.info.variables.filter((one) => !one.threadLocal).map((one) => `${one.address}`);
    expect(new Set(found).size).toBe(found.length);
    if (plain.length > 0) {
      const own = symbols.filter((one) => !one.name.startsWith('_') && !/^completed/.test(one.name));
      expect(found.toSorted()).toEqual(own.map((one) => `${one.value}`).toSorted());
    }
    expect(symbols.map((one) => one.value)).toEqual(expect.arrayContaining(found.map(Number)));
    expect(build.variable('later').address).toBe(
      only(
        symbols.filter((one) => one.name === 'later'),
        'later',
      ).value,
    );
  });

  test('a static of a function names it, in the blocks inside it too, and a variable of the file names none', () => {
    const where = build.info.variables
      .filter((one) => ['calls', 'inner', 'file_static', 'later'].includes(one.name))
      .map((one) => `${one.unit.split('/').at(-1)} ${one.function ?? '-'} ${one.name} ${spell(one.type)}`)
      .map((text) => text.replace(/long int$/, 'long'));
    expect(where.toSorted()).toEqual([
      'first.c - file_static int',
      'first.c step calls int',
      'first.c step inner char',
      'first.c step inner long',
      'second.c - file_static int',
      'second.c - later int',
      'second.c other calls int',
    ]);
  });

  test('const, external and the source line are told', () => {
    const told = (name: string): readonly unknown[] => {
      const { constant, external, place, threadLocal } = build.variable(name);
      const lines = first.split('\n');
      return [
        constant,
        external,
        place.file === `${build.path}/first.c`,
        (lines[place.line - 1] ?? '').includes(name),
        threadLocal,
      ];
    };
    expect(told('table')).toEqual([true, true, true, true, false]);
    // Optimisers replace a table of constants that is never written by what is in it.
    if (!flavour.args.includes('-O2')) expect(told('words')).toEqual([true, false, true, true, false]);
    expect(told('seen')).toEqual([false, true, true, true, false]);
    expect(told('overridable')).toEqual([false, true, true, true, false]);
    expect(told('first_same')).toEqual([false, true, true, true, false]);
  });

  test('a thread-local variable has its place in the block of the thread', () => {
    const symbols = symbolsOf(build).filter((one) => ['counted', 'counted_here'].includes(one.name));
    for (const { name, value } of symbols) {
      expect(build.variable(name)).toMatchObject({ name, threadLocal: true, address: value });
    }
    expect(symbols).toHaveLength(2);
  });

  test('two types of one name in two sources are two types', () => {
    const fields = ['first_same', 'second_same'].map((name) => asRecord(build.variable(name).type).fields[0]?.name);
    expect(fields).toEqual(['in_first', 'in_second']);
    expect(build.info.types.filter((one) => one.name === 'same')).toHaveLength(2);
  });

  test('what one source only declares is found where another defines it', () => {
    const hidden = fieldOf(asRecord(build.variable('shared_one').type), 'hidden').type;
    const target = hidden.kind === 'pointer' ? asRecord(hidden.target) : null;
    expect(target).toMatchObject({ name: 'hidden', complete: true, size: 4 });
    expect(target?.fields.map((one) => one.name)).toEqual(['found']);
  });

  test('units are the sources with their folder and language', () => {
    expect(build.info.units).toEqual(
      ['first.c', 'second.c'].map((name) => ({ name: `${build.path}/${name}`, directory: build.path, language: 'c' })),
    );
  });
});

test.each(flavours.filter((one) => one.family === 'clang' && !one.args.includes('-O2')))(
  'tags in C are kept by $name',
  async (flavour) => {
    const text = `
#define TAG(x) __attribute__((btf_decl_tag(x)))
struct tagged { int plain; int renamed TAG("was old") TAG("second"); };
struct tagged one TAG("reset"); int none;
int f(int x) { static int inner TAG("deep"); return inner += x; }`;
    await using build = await debugBuild({ files: { 'tags.c': text }, flavour });
    expect(build.variable('one').tags).toEqual(['reset']);
    expect(build.variable('none').tags).toEqual([]);
    expect(build.variable('inner').tags).toEqual(['deep']);
    expect(asRecord(build.variable('one').type).fields.map((one) => one.tags)).toEqual([[], ['was old', 'second']]);
  },
);

test('declarations stay incomplete where two different definitions could be meant', async () => {
  await using build = await debugBuild({
    files: {
      'a.c': 'struct s { int a; }; struct s in_a;',
      'b.c': 'struct s { int a; long b; }; struct s in_b;',
      'c.c': 'struct s; struct s *in_c;',
    },
  });
  const { type } = build.variable('in_c');
  expect(type.kind === 'pointer' && type.target).toMatchObject({ name: 's', complete: false, fields: [] });
});

test('one line of a header that a macro makes two types of stays two types', async () => {
  await using build = await debugBuild({
    files: {
      's.h': 'struct s { WORD first; int second; };',
      'a.c': '#define WORD int\n#include "s.h"\nstruct s in_a;',
      'b.c': '#define WORD float\n#include "s.h"\nstruct s in_b;',
      'c.c': 'struct s; struct s *in_c;',
    },
  });
  const { type } = build.variable('in_c');
  expect(type.kind === 'pointer' && type.target).toMatchObject({ name: 's', complete: false });
});

test.each(flavours)('in an object file of $name a variable lies in its section', async (flavour) => {
  const text = 'int before; int data = 4; static int zero; const long fixed = 3; int f(void) { return data + zero++; }';
  await using build = await debugBuild({ files: { 'o.c': text }, flavour, output: 'object' });
  const symbols = symbolsOf(build);
  for (const name of ['before', 'data', 'zero', 'fixed']) {
    const symbol = only(
      symbols.filter((one) => one.name === name),
      name,
    );
    expect(build.variable(name)).toMatchObject({ address: symbol.value, section: symbol.section });
  }
  const f = only(
    symbols.filter((one) => one.name === 'f'),
    'f',
  );
  expect(build.fn('f')).toMatchObject({ address: f.value, section: f.section, size: f.size });
});
