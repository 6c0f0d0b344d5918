import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sizeOf } from '../../src/debuginfo/size-of.js';
import { readElf } from '../../src/objfile/elf.js';
import {
  asEnum,
  asRecord,
  bare,
  type DebugBuild,
  debugBuild,
  fieldOf,
  flavours,
  spell,
} from '../helpers/debug-builds.js';

/**
 * The compiler itself says what is right: `truth` holds its offsets and sizes, and each `only_x` is all zero but for one
 * field of ones, so that the bits set are the field.
 */
const source = `
#include <stddef.h>
struct point { double x, y; };
union value { int i; float f; char bytes[12]; };
enum color { RED, GREEN = 7, BLUE = 200 };
enum temperature { COLD = -40, WARM = 200 };
enum wide { SMALL = 1, LARGE = 0xffffffffffffffff };
enum deep { LOW = -5000000000, HIGH = 1 };
typedef struct { short a; struct { char inner; long deep; }; union { int u; float v; } named; } anonymous_t;
struct __attribute__((packed)) packed { char c; int i; double d; };
struct aligned { char c; _Alignas(32) int i; };
typedef int aligned_int __attribute__((aligned(64)));
struct __attribute__((aligned(16))) padded { int i; };
struct flexible { int count; struct aligned items[]; };
struct empty_tail { int count; int none[0]; };
struct node { struct node *next; const volatile char *name; int (*callback)(struct node *, long, ...); void *any; };
struct flags { unsigned a : 3; unsigned b : 13; int c : 20; unsigned : 0; unsigned char d : 1; unsigned long long e : 40; };
struct __attribute__((packed)) packed_flags { unsigned a : 5; unsigned b : 30; unsigned char c : 7; unsigned long long d : 60;
  unsigned char e : 8; short f : 16; char g; };
struct numbers { _Bool b; signed char sc; char c; unsigned char uc; short s; unsigned short us; int i; unsigned u; long l;
  unsigned long ul; long long ll; float f; double d; long double ld; __int128 big; _Complex double z; };
struct tables { int grid[3][4][5]; struct point path[2]; const char *names[6]; int (*handlers[2])(int); };
typedef int vec4 __attribute__((vector_size(16)));
struct incomplete;
struct holder { struct incomplete *hidden; const int fixed; volatile int seen; _Atomic int counted; int *restrict alone; };

aligned_int g_aligned_int; struct padded g_padded; enum color g_color; enum temperature g_temperature; enum wide g_wide; enum deep g_deep;
anonymous_t g_anonymous; struct packed g_packed; struct aligned g_aligned; struct flexible g_flexible;
struct empty_tail g_empty_tail; struct node g_node; struct numbers g_numbers; struct tables g_tables; vec4 g_vec;
struct holder g_holder; union value g_value; extern int g_later[]; int g_later[17];

struct flags only_a = { .a = -1 }, only_b = { .b = -1 }, only_c = { .c = -1 }, only_d = { .d = -1 }, only_e = { .e = -1 };
struct packed_flags only_pa = { .a = -1 }, only_pb = { .b = -1 }, only_pc = { .c = -1 }, only_pd = { .d = -1 },
  only_pe = { .e = -1 }, only_pf = { .f = -1 };

unsigned long truth[] = {
  offsetof(anonymous_t, inner), offsetof(anonymous_t, deep), offsetof(anonymous_t, named), sizeof(anonymous_t),
  offsetof(struct packed, i), offsetof(struct packed, d), sizeof(struct packed),
  offsetof(struct aligned, i), sizeof(struct aligned), offsetof(struct flexible, items), sizeof(struct flexible),
  offsetof(struct numbers, ld), offsetof(struct numbers, big), offsetof(struct numbers, z), sizeof(struct numbers),
  offsetof(struct tables, path), offsetof(struct tables, names), offsetof(struct tables, handlers), sizeof(struct tables),
  sizeof(union value), sizeof(struct flags), sizeof(struct packed_flags), sizeof(vec4), offsetof(struct empty_tail, none),
};
void *use(void) { return truth; }
`;

/** Bytes of a variable as the file holds them. */
function initial(build: DebugBuild, name: string): Uint8Array {
  const { address, type } = build.variable(name);
  const file = readElf(build.bytes);
  const segment = file.segments.find((one) => address >= one.addr && address < one.addr + one.fileSize);
  if (segment === undefined) throw new Error(`${name} has no bytes`);
  const at = segment.offset + (address - segment.addr);
  return build.bytes.subarray(at, at + (sizeOf(type) ?? 0));
}

/** Numbers of the bits that are set, counted as the ABI of little-endian machines numbers them. */
function bitsSet(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: bytes.length * 8 }, (_, n) => n).filter((n) => ((bytes[n >> 3] ?? 0) >> (n & 7)) & 1);
}

describe.each(flavours)('of $name', (flavour) => {
  let build: DebugBuild;
  beforeAll(async () => {
    build = await debugBuild({ files: { 'types.c': source }, flavour });
  });
  afterAll(() => build[Symbol.asyncDispose]());

  test('offsets and sizes of C types are the compiler’s own', () => {
    const bytes = initial(build, 'truth');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const truth = Array.from({ length: bytes.length / 8 }, (_, n) => Number(view.getBigUint64(n * 8, true)));

    const anonymous = asRecord(build.variable('g_anonymous').type);
    const inside = fieldOf(anonymous, '');
    const inner = asRecord(inside.type);
    const [packed, aligned, flexible] = ['g_packed', 'g_aligned', 'g_flexible'].map((name) =>
      asRecord(build.variable(name).type),
    );
    const numbers = asRecord(build.variable('g_numbers').type);
    const tables = asRecord(build.variable('g_tables').type);
    if (packed === undefined || aligned === undefined || flexible === undefined) throw new Error('missing');
    expect([
      inside.offset + fieldOf(inner, 'inner').offset,
      inside.offset + fieldOf(inner, 'deep').offset,
      fieldOf(anonymous, 'named').offset,
      anonymous.size,
      fieldOf(packed, 'i').offset,
      fieldOf(packed, 'd').offset,
      packed.size,
      fieldOf(aligned, 'i').offset,
      aligned.size,
      fieldOf(flexible, 'items').offset,
      flexible.size,
      fieldOf(numbers, 'ld').offset,
      fieldOf(numbers, 'big').offset,
      fieldOf(numbers, 'z').offset,
      numbers.size,
      fieldOf(tables, 'path').offset,
      fieldOf(tables, 'names').offset,
      fieldOf(tables, 'handlers').offset,
      tables.size,
      asRecord(build.variable('g_value').type).size,
      asRecord(build.variable('only_a').type).size,
      asRecord(build.variable('only_pa').type).size,
      sizeOf(build.variable('g_vec').type),
      fieldOf(asRecord(build.variable('g_empty_tail').type), 'none').offset,
    ]).toEqual(truth);
  });

  test('a bit-field is the bits that its ones set', () => {
    const fields = ['a', 'b', 'c', 'd', 'e', 'pa', 'pb', 'pc', 'pd', 'pe', 'pf'];
    for (const name of fields) {
      const field = fieldOf(asRecord(build.variable(`only_${name}`).type), name.at(-1) ?? '');
      const bits = Array.from({ length: field.bitSize ?? 0 }, (_, n) => field.bitOffset + n);
      expect([name, bits]).toEqual([name, bitsSet(initial(build, `only_${name}`))]);
      expect(field.offset).toBe(Math.floor(field.bitOffset / 8));
    }
  });

  test('types are spelled as the source has them', () => {
    const names = (variable: string): readonly string[] =>
      asRecord(build.variable(variable).type).fields.map((field) => `${field.name}: ${spell(field.type)}`);
    expect(names('g_tables')).toEqual([
      'grid: int[3][4][5]',
      'path: struct point[2]',
      expect.stringMatching(/^names: const char\*\[6\]$/),
      'handlers: int(int)*[2]',
    ]);
    expect(names('g_flexible')).toEqual(['count: int', 'items: struct aligned[]']);
    expect(names('g_empty_tail')).toEqual(['count: int', expect.stringMatching(/^none: int\[0?\]$/)]);
    expect(names('g_node')[0]).toBe('next: struct node*');
    expect(names('g_node')[1]).toMatch(/^name: (const volatile|volatile const) char\*$/);
    expect(names('g_node')[2]).toMatch(/^callback: int\(struct node\*,long( int)?,\.\.\.\)\*$/);
    expect(names('g_node')[3]).toBe('any: void*');
    expect(spell(build.variable('g_later').type)).toBe('int[17]');
    const vector = bare(build.variable('g_vec').type);
    expect(vector).toMatchObject({ kind: 'array', vector: true });
  });

  test('the kind of number is told apart', () => {
    const kinds = asRecord(build.variable('g_numbers').type).fields.map(({ type }) =>
      type.kind === 'base' ? [type.encoding, type.size] : type.kind,
    );
    const strict = flavour.args.includes('-gdwarf-2') && flavour.family === 'gcc';
    expect(kinds.slice(0, strict ? 15 : 16)).toEqual(
      [
        ['boolean', 1],
        ['character', 1],
        ['character', 1],
        ['unsignedCharacter', 1],
        ['signed', 2],
        ['unsigned', 2],
        ['signed', 4],
        ['unsigned', 4],
        ['signed', 8],
        ['unsigned', 8],
        ['signed', 8],
        ['float', 4],
        ['float', 8],
        ['float', 16],
        ['signed', 16],
        ['complex', 16],
      ].slice(0, strict ? 15 : 16),
    );
  });

  test('enumerators have their values and the enumeration its sign', () => {
    const values = (name: string): readonly unknown[] => {
      const { members, signed, size } = asEnum(build.variable(name).type);
      return [size, signed, ...members.map((one) => one.value)];
    };
    expect(values('g_color')).toEqual([4, false, 0n, 7n, 200n]);
    expect(values('g_temperature')).toEqual([4, true, -40n, 200n]);
    expect(values('g_wide')).toEqual([8, false, 1n, 0xffffffffffffffffn]);
    expect(values('g_deep')).toEqual([8, true, -5000000000n, 1n]);
  });

  test('an alignment that the source asks for is told where it stands', () => {
    const told = [
      fieldOf(asRecord(build.variable('g_aligned').type), 'i').align,
      asRecord(build.variable('g_padded').type).align,
      build.typedef('aligned_int').align,
    ];
    // The attribute came with version 5. Earlier ones have it too unless compilers are told to be strict; clang then
    // leaves it out of typedefs.
    const strict = flavour.args.includes('-gstrict-dwarf');
    const early = flavour.family === 'clang' && !flavour.args.includes('-gdwarf-5');
    expect(told).toEqual(strict ? [null, null, null] : [32, 16, early ? null : 64]);
    expect(fieldOf(asRecord(build.variable('g_aligned').type), 'c').align).toBeNull();
  });

  test('qualifiers are kept and an undefined struct is incomplete', () => {
    const holder = asRecord(build.variable('g_holder').type);
    const hidden = fieldOf(holder, 'hidden').type;
    expect(hidden.kind === 'pointer' && hidden.target).toMatchObject({
      kind: 'record',
      name: 'incomplete',
      complete: false,
    });
    expect(spell(fieldOf(holder, 'fixed').type)).toBe('const int');
    expect(spell(fieldOf(holder, 'seen').type)).toBe('volatile int');
    // DWARF has a word for it since version 5; before, compilers leave it out.
    expect(spell(fieldOf(holder, 'counted').type)).toMatch(/^(atomic )?int$/);
    expect(spell(fieldOf(holder, 'alone').type)).toMatch(/^(restrict )?int\*$/);
  });
});
