import { describe, expect, test } from 'vitest';
import { alignOf } from '../../src/layout/align.js';
import { type FieldLayout, layoutsOf, type RecordLayout } from '../../src/layout/layout.js';
import { layoutJson } from '../../src/layout/layout-json.js';
import { layoutText } from '../../src/layout/layout-text.js';
import { compiledTypes, cpp } from '../helpers/compiled-types.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

async function layouts(source: string, build = {}): Promise<ReadonlyMap<string, RecordLayout>> {
  const { debug } = await compiledTypes(source, build);
  return new Map(layoutsOf(debug).map((layout) => [layout.name, layout]));
}

async function layout(source: string, name: string, build = {}): Promise<RecordLayout> {
  const all = await layouts(source, build);
  const found = all.get(name);
  if (found === undefined) throw new Error(`no ${name} among ${[...all.keys()].join(', ')}`);
  return found;
}

const manyStructs = `
#include <stdbool.h>
#include <stdint.h>
struct plain { char a; int b; short c; double d; };
struct packed { char a; int b; short c; } __attribute__((packed));
#pragma pack(push, 2)
struct two { char a; int b; long c; };
#pragma pack(pop)
struct bits { unsigned a : 3; unsigned b : 7; bool c : 1; long d : 40; };
struct wide { _Alignas(1) char a; long double b; __int128 c; };
struct aligned { int a; } __attribute__((aligned(32)));
struct nested { char a; struct aligned b; struct plain c[2]; };
union either { char a[13]; int b; };
struct tail { int count; struct two items[]; };
struct odd { char a; _Complex float b; float _Complex c; char d; };
struct pointers { char a; void *b; int (*c)(int); enum { X } d; };
typedef struct { uint16_t r, g, b; } color_t;
struct anonymous { int kind; union { long number; struct { char x, y; }; }; color_t color; };
typedef int over __attribute__((aligned(8)));
typedef long under __attribute__((aligned(2)));
typedef float four __attribute__((vector_size(16)));
struct asked { char a; _Alignas(16) int b; };
struct by_typedef { char a; over b; char c; under d; };
struct vectors { char a; four b; };
struct mixed { char a; long b; _Alignas(4) int c; } __attribute__((packed));
struct asked v13; struct by_typedef v14; struct vectors v15; struct mixed v16;
struct plain v1; struct packed v2; struct two v3; struct bits v4; struct wide v5; struct nested v6; union either v7;
struct tail v8; struct odd v9; struct pointers v10; struct anonymous v11; color_t v12;
`;

describe('the layout of a record', () => {
  test.each(['clang', 'gcc'])('is the one that %s asserts: sizes, alignments and every offset', async (compiler) => {
    const found = await layouts(manyStructs, { compiler });
    expect(found.size).toBe(17);
    const asserts = [...found.values()].flatMap(({ name, size, align, fields }) => [
      `_Static_assert(sizeof(${name}) == ${size} && _Alignof(${name}) == ${align}, "${name} has ${size}, ${align}");`,
      ...named(fields).flatMap((field) =>
        field.bitSize === undefined
          ? [`_Static_assert(__builtin_offsetof(${name}, ${field.name}) == ${field.offset}, "${name}.${field.name}");`]
          : [],
      ),
    ]);
    expect(asserts.length).toBeGreaterThan(45);
    await using workspace = await elfWorkspace();
    await workspace.build('asserted.so', `${manyStructs}\n${asserts.join('\n')}`, { compiler });
  });

  test('follows the alignment of a typedef, in arrays too', async () => {
    const { of } = await compiledTypes(`${manyStructs} over one; under few[1]; int plain_one;`);
    expect(['one', 'few', 'plain_one'].map((name) => alignOf(of(name)))).toEqual([8, 2, 4]);
  });

  test('names holes, padding and unused bits', async () => {
    const source = 'struct s { char a; int b; unsigned c : 3; unsigned d : 2; char e; double f; char g; } x;';
    expect(await layout(source, 'struct s')).toMatchObject({
      size: 32,
      align: 8,
      holes: [
        { offset: 1, size: 3 },
        { offset: 10, size: 6 },
      ],
      bitHoles: [{ bitOffset: 69, bitSize: 3 }],
      paddingAtEnd: 7,
    });
  });

  test('counts the bits that a bit-field leaves before a hole and behind the last one', async () => {
    const source = 'struct s { unsigned a : 4; unsigned : 0; unsigned b : 12; } x;';
    expect(await layout(source, 'struct s')).toMatchObject({
      size: 8,
      holes: [{ offset: 1, size: 3 }],
      bitHoles: [
        { bitOffset: 4, bitSize: 4 },
        { bitOffset: 44, bitSize: 4 },
      ],
      paddingAtEnd: 2,
    });
  });

  test('has no holes in a union', async () => {
    const source = 'union u { char a[5]; int b; } x;';
    expect(await layout(source, 'union u')).toMatchObject({ size: 8, holes: [], bitHoles: [], paddingAtEnd: 3 });
  });

  test('of a class shows its bases and its virtual table; fields in the padding of a base are no overlap', async () => {
    const source = `
      struct empty {}; struct base { virtual ~base(); long a; char b; }; base::~base() {}
      struct all : base, empty { char c; int d; } x;
      struct left : virtual empty { int l; } y;`;
    const all = await layouts(source, cpp);
    expect(all.get('struct base')).toMatchObject({ size: 24, vtableOffset: 0, align: 8, paddingAtEnd: 7, holes: [] });
    expect(all.get('struct all')).toMatchObject({
      size: 24,
      bases: [
        { type: 'struct base', offset: 0 },
        { type: 'struct empty', offset: 0 },
      ],
      fields: [
        { name: 'c', offset: 17 },
        { name: 'd', offset: 20 },
      ],
      holes: [{ offset: 18, size: 2 }],
      paddingAtEnd: 0,
    });
    expect(all.get('struct left')?.bases).toEqual([{ type: 'struct empty', offset: null, size: 1 }]);
    expect(all.get('struct empty')).toMatchObject({ size: 1, align: 1, paddingAtEnd: 0 });
  });

  test('is found by the name of a typedef or of a variable where the record has none', async () => {
    const all = await layouts(
      'typedef struct { int r; } color_t; color_t a[2]; static struct { int x; } state; int *p = &state.x;',
    );
    expect([...all.keys()]).toEqual(['color_t', 'struct {...} state']);
  });

  test('is given once per name, and with the file where two files differ', async () => {
    await using workspace = await elfWorkspace();
    await workspace.build('b.o', 'struct s { long v; }; struct t { int n; }; struct s b; struct t tb;', {
      kind: ['-c', '-g', '-fPIC'],
      source: 'b.c',
    });
    const { debug } = await compiledTypes('struct s { int v; }; struct t { int n; }; struct s a; struct t ta;', {
      source: 'a.c',
      args: [`${workspace.path}/b.o`],
    });
    expect(layoutsOf(debug).map((one) => one.name)).toEqual(['struct s (a.c)', 'struct s (b.c)', 'struct t']);
  });
});

describe('layouts as JSON', () => {
  test('have the documented form', async () => {
    const { debug } = await compiledTypes('struct point { int x; char tag[3]; unsigned low : 4, high : 6; } p;');
    const json = layoutJson(layoutsOf(debug));
    expect(Object.keys(json.types)).toEqual(['struct point']);
    expect(json.types['struct point']).toMatchObject({ kind: 'struct', size: 12, align: 4 });
    expect(json.types['struct point']?.fields).toEqual([
      { name: 'x', offset: 0, size: 4, type: 'int' },
      { name: 'tag', offset: 4, size: 3, type: 'char[3]' },
      { name: 'low', offset: 7, size: 4, type: 'unsigned int', bitOffset: 56, bitSize: 4 },
      { name: 'high', offset: 8, size: 4, type: 'unsigned int', bitOffset: 64, bitSize: 6 },
    ]);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  test('give what is inside a field beside it, counted from the outermost start', async () => {
    const { debug } = await compiledTypes('struct in { int a; int b; }; struct out { long n; struct in in; } x;');
    const [, out] = layoutJson(layoutsOf(debug)).types['struct out']?.fields ?? [];
    expect(out?.fields?.map((field) => [field.name, field.offset])).toEqual([
      ['a', 8],
      ['b', 12],
    ]);
  });
});

describe('a layout as text', () => {
  const source = `struct budget { double money; int debt; };
    struct city { char tag; int people; struct budget budget; char name[44]; void (*tick)(int); unsigned on : 1; } x;`;

  test('shows offsets, sizes, holes and where cache lines begin', async () => {
    expect(layoutText(await layout(source, 'struct city'), { lineSize: 64, expand: false })).toEqual([
      'struct city: 88 bytes, aligned to 8',
      '  offset    size',
      '       0       1  char tag',
      '       1       3  (hole)',
      '       4       4  int people',
      '       8      16  struct budget budget',
      '      24      44  char name[44]  (crosses into the next cache line)',
      '  -- cache line 2, from byte 64 ------------------',
      '      68       4  (hole)',
      '      72       8  void (*tick)(int)',
      '    80:0   1 bit  unsigned int on : 1',
      '    80:1  7 bits  (hole)',
      '      81       7  (padding)',
      '  2 cache lines of 64 bytes, 7 bytes in 2 holes, 7 bytes of padding at the end',
    ]);
  });

  test('opens records that are held by value on request, and knows lines of another size', async () => {
    const text = layoutText(await layout(source, 'struct city'), { lineSize: 128, expand: true });
    expect(text).toContain('      16       4    int debt');
    expect(text.at(-1)).toMatch(/^ {2}1 cache line of 128 bytes/);
    expect(text.join('\n')).not.toContain('-- cache line');
  });
});

/** Fields that C can name, those of anonymous members included. */
function named(fields: readonly FieldLayout[]): readonly FieldLayout[] {
  return fields.flatMap((field) => (field.name === '' ? named(field.fields ?? []) : [field]));
}
