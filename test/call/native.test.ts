import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallBench, nativeConvention, openCallBench, openCallBenchFrom } from '../helpers/call-bench.js';
import { engineForTests } from '../helpers/host-modules.js';

const run = promisify(execFile);

/** Every function answers with something that only the right arguments, each in its right place, give. */
const source = `
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <math.h>

static char text[512];

/* Numbers of all widths. */
int8_t i8(int8_t a) { return a; }
uint8_t u8(uint8_t a) { return a; }
int16_t i16(int16_t a) { return a; }
uint16_t u16(uint16_t a) { return a; }
int32_t i32(int32_t a) { return a; }
uint32_t u32(uint32_t a) { return a; }
int64_t i64(int64_t a) { return a; }
uint64_t u64(uint64_t a) { return a; }
char character(char a) { return a; }
unsigned char octet(unsigned char a) { return a; }
float f32(float a) { return a; }
double f64(double a) { return a; }
bool boolean(bool a) { return !a; }
int64_t widened(int8_t a, int16_t b, int32_t c) { return (int64_t)a * 1000000 + b * 1000 + c; }

enum color { RED, GREEN = 7, BLUE = -3 };
enum color color(enum color a) { return a; }

/* Text and pointers. */
const char *greet(const char *name) { snprintf(text, sizeof text, "Hello, %s!", name); return text; }
long length(const unsigned char *bytes) { return (long)strlen((const char *)bytes); }
bool is_null(const void *p) { return p == NULL; }
void *same(void *p) { return p; }
long sum(const int *values, int count) { long s = 0; for (int n = 0; n < count; n++) s = s * 10 + values[n]; return s; }
const char *join(const char **words, int count) {
  text[0] = 0;
  for (int n = 0; n < count; n++) { strcat(text, words[n]); strcat(text, "-"); }
  return text;
}

/* Registers and the stack. */
const char *many(int8_t a, double b, long c, float d, short e, double f, unsigned g, float h, long i, double j, char k,
                 double l, int m, float n, int64_t o, double p, uint8_t q, double r, float s) {
  snprintf(text, sizeof text, "%d %g %ld %g %d %g %u %g %ld %g %c %g %d %g %lld %g %u %g %g", a, b, c, d, e, f, g, h, i, j, k,
           l, m, n, (long long)o, p, q, r, s);
  return text;
}
int ten_integers(int a, int b, int c, int d, int e, int f, int g, int h, int8_t i, int j) {
  return ((((((((a * 2 + b) * 2 + c) * 2 + d) * 2 + e) * 2 + f) * 2 + g) * 2 + h) * 2 + i) * 2 + j;
}
double ten_doubles(double a, double b, double c, double d, double e, double f, double g, double h, double i, float j) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

/* Structs in every way they can travel. */
struct one { int8_t a; };
struct three { uint8_t a, b, c; };
struct point { int x, y; };
struct vec2 { float x, y; };
struct vec3 { float x, y, z; };
struct vec4 { float x, y, z, w; };
struct pair { double a, b; };
struct quad { double a, b, c, d; };
struct mixed { long a; double b; };
struct demix { double a; long b; };
struct half { float a; int b; };
struct twelve { int a; float b; int c; };
struct sixteen { char name[16]; };
struct big { long a; double b; const char *name; short d[3]; };
struct __attribute__((packed)) packed { char a; int b; double c; };
struct tail { double a; float b; };
struct bits { unsigned a : 3; int b : 7; unsigned long c : 40; bool d : 1; };
struct nested { struct point from; struct { short x; char y; } to; };
struct with_union { int kind; union { int i; float f; } u; };
struct named { const char *name; int count; };
struct anonymous { int a; union { int b; float c; }; struct { short d, e; }; };
struct matrix { int m[2][2]; };
struct __attribute__((aligned(16))) aligned { float x, y, z, w; };
struct kilobyte { int a[256]; };

#define BY_VALUE(type) struct type take_##type(struct type v) { return v; } \\
  struct type late_##type(int a, double b, struct type v, int c) { (void)a; (void)b; return c == 9 ? v : (struct type){0}; } \\
  struct type spilled_##type(long a, long b, long c, long d, long e, double f, double g, double h, double i, double j, \\
                             double k, double l, long m, struct type v, long n, double o) { \\
    return a + b + c + d + e + m == 21 && f + g + h + i + j + k + l == 28 && n == 77 && o == 88 ? v : (struct type){0}; }
BY_VALUE(one) BY_VALUE(three) BY_VALUE(point) BY_VALUE(vec2) BY_VALUE(vec3) BY_VALUE(vec4) BY_VALUE(pair) BY_VALUE(quad)
BY_VALUE(mixed) BY_VALUE(demix) BY_VALUE(half) BY_VALUE(twelve) BY_VALUE(sixteen) BY_VALUE(packed)
BY_VALUE(tail) BY_VALUE(nested) BY_VALUE(with_union) BY_VALUE(anonymous) BY_VALUE(matrix) BY_VALUE(aligned)
BY_VALUE(bits)
int take_kilobyte(struct kilobyte v) { return v.a[255]; }
int see_kilobyte(const struct kilobyte *v) { return v->a[2]; }
struct kilobyte make_kilobyte(int first, double second) {
  return (struct kilobyte){{first, (int)second, [255] = first + (int)second}};
}

const char *show_big(struct big v, int last) {
  snprintf(text, sizeof text, "%ld %g %s %d,%d,%d %d", v.a, v.b, v.name, v.d[0], v.d[1], v.d[2], last);
  return text;
}
const char *show_bits(struct bits v) {
  snprintf(text, sizeof text, "%u %d %lu %d", v.a, v.b, (unsigned long)v.c, v.d);
  return text;
}
const char *show_named(struct named v) { snprintf(text, sizeof text, "%s %d", v.name, v.count); return text; }
const char *show_list(const struct named *v, int count) {
  text[0] = 0;
  for (int n = 0; n < count; n++) sprintf(text + strlen(text), "%s %d;", v[n].name, v[n].count);
  return text;
}
int area(const struct point *p) { return p->x * p->y; }
void move(struct point *p, int by) { p->x += by; p->y -= by; }
struct longs { long a, b; };
long squeezed(long a, long b, long c, long d, long e, struct longs f, long g, struct longs h, struct mixed i) {
  return ((((((((a * 10 + b) * 10 + c) * 10 + d) * 10 + e) * 10 + f.a) * 10 + f.b) * 10 + g) * 10 + h.a + h.b) * 10 + i.a + (long)i.b;
}
struct aligned odd(long a, long b, long c, long d, long e, long f, char g, double h, double i, double j, double k, double l,
                   double m, double n, double o, struct aligned v, long last) {
  (void)b, (void)c, (void)d, (void)e, (void)h, (void)i, (void)j, (void)k, (void)l, (void)m, (void)n;
  return a == 1 && f == 6 && g == 7 && o == 8 && last == 9 ? v : (struct aligned){0};
}
int nothing(void) { return 42; }
int unknown_list() { return 43; }
void no_result(int a) { text[0] = (char)a; }
`;

let calls: CallBench;
beforeAll(async () => {
  calls = await openCallBench(source);
});
afterAll(() => calls[Symbol.asyncDispose]());

type Read = (bytes: Buffer) => unknown;
const reads = {
  i8: (b: Buffer) => b.readInt8(),
  u8: (b: Buffer) => b.readUInt8(),
  i16: (b: Buffer) => b.readInt16LE(),
  u16: (b: Buffer) => b.readUInt16LE(),
  i32: (b: Buffer) => b.readInt32LE(),
  u32: (b: Buffer) => b.readUInt32LE(),
  i64: (b: Buffer) => b.readBigInt64LE(),
  u64: (b: Buffer) => b.readBigUInt64LE(),
  f32: (b: Buffer) => b.readFloatLE(),
  f64: (b: Buffer) => b.readDoubleLE(),
} as const;

async function textOf(bytes: Buffer): Promise<string> {
  const ranges = [{ from: 'memory' as const, address: bytes.readBigUInt64LE(), size: 256 }];
  const { bytes: read } = await calls.bench.host.read({ module: 'm', ranges });
  const all = Buffer.from(read[0] ?? []);
  return all.subarray(0, all.indexOf(0)).toString('utf8');
}

describe('numbers', () => {
  const cases: readonly (readonly [string, string, Read, unknown])[] = [
    ['i8', '-128', reads.i8, -128],
    ['i8', '0x7f', reads.i8, 127],
    ['u8', '255', reads.u8, 255],
    ['u8', '0b101', reads.u8, 5],
    ['i16', '-32768', reads.i16, -32768],
    ['u16', '65535', reads.u16, 65535],
    ['i32', '-2147483648', reads.i32, -2147483648],
    ['i32', "'A'", reads.i32, 65],
    ['u32', '0xffffffff', reads.u32, 4294967295],
    ['u32', '7u', reads.u32, 7],
    ['i64', '-9223372036854775808', reads.i64, -(1n << 63n)],
    ['u64', '18446744073709551615', reads.u64, (1n << 64n) - 1n],
    ['u64', '0xdeadbeefcafef00dULL', reads.u64, 0xdeadbeefcafef00dn],
    ['character', "'x'", reads.i8, 120],
    ['character', 'x', reads.i8, 120],
    ['character', '-5', reads.i8, -5],
    ['character', "'\\n'", reads.i8, 10],
    ['octet', "'é'", reads.u8, 233],
    ['octet', '7', reads.u8, 7],
    ['f32', '1.5', reads.f32, 1.5],
    ['f32', '-inf', reads.f32, -Infinity],
    ['f32', '2.5f', reads.f32, 2.5],
    ['f64', '-0.0', reads.f64, -0],
    ['f64', '1e300', reads.f64, 1e300],
    ['f64', 'nan', reads.f64, Number.NaN],
    ['f64', '3', reads.f64, 3],
    ['f64', 'Infinity', reads.f64, Infinity],
    ['boolean', 'true', reads.u8, 0],
    ['boolean', 'false', reads.u8, 1],
    ['boolean', '1', reads.u8, 0],
    ['color', 'GREEN', reads.i32, 7],
    ['color', 'BLUE', reads.i32, -3],
    ['color', '7', reads.i32, 7],
  ];
  test.each(cases)('%s(%s) gives the number back', async (name, argument, read, expected) => {
    const { bytes } = await calls.call(name, argument);
    expect(read(bytes)).toEqual(expected);
  });

  test('small integers are extended as the function expects', async () => {
    expect(reads.i64((await calls.call('widened', '-1', '-2', '-3')).bytes)).toBe(-1002003n);
  });

  test('registers that run out go on the stack, each in its own order', async () => {
    const args = '-1 2.5 3 4.5 -5 6.5 7 8.5 9 10.5 k 12.5 13 14.5 -15 16.5 17 18.5 19.5'.split(' ');
    expect(await textOf((await calls.call('many', ...args)).bytes)).toBe(
      '-1 2.5 3 4.5 -5 6.5 7 8.5 9 10.5 k 12.5 13 14.5 -15 16.5 17 18.5 19.5',
    );
    const ten = await calls.call('ten_integers', '1', '2', '3', '4', '5', '6', '7', '8', '-9', '10');
    let expected = 0;
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, -9, 10]) expected = expected * 2 + n;
    expect(reads.i32(ten.bytes)).toBe(expected);
    const doubles = await calls.call('ten_doubles', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10');
    expect(reads.f64(doubles.bytes)).toBe(385);
  });

  test('functions without parameters and without a result are called', async () => {
    expect(reads.i32((await calls.call('nothing')).bytes)).toBe(42);
    expect(reads.i32((await calls.call('unknown_list')).bytes)).toBe(43);
    const { answer, bytes } = await calls.call('no_result', '1');
    expect(answer.ok).toBe(true);
    expect(bytes).toHaveLength(0);
  });
});

describe('text and pointers', () => {
  test.each([
    ['"World"', 'Hello, World!'],
    ['World', 'Hello, World!'],
    ['two words', 'Hello, two words!'],
    ['"a \\"quoted\\" \\t one"', 'Hello, a "quoted" \t one!'],
    ['12', 'Hello, 12!'],
    ['-1.50', 'Hello, -1.50!'],
    ['true', 'Hello, true!'],
    ['Grüße', 'Hello, Grüße!'],
    ['""', 'Hello, !'],
  ])('greet(%s) gets its text', async (argument, expected) => {
    expect(await textOf((await calls.call('greet', argument)).bytes)).toBe(expected);
  });

  test('null and addresses are passed as they are', async () => {
    expect(reads.u8((await calls.call('is_null', 'null')).bytes)).toBe(1);
    expect(reads.u8((await calls.call('is_null', 'NULL')).bytes)).toBe(1);
    expect(reads.u8((await calls.call('is_null', '0')).bytes)).toBe(1);
    expect(reads.u8((await calls.call('is_null', '"text"')).bytes)).toBe(0);
    expect(reads.u64((await calls.call('same', '0xffffffffffffffff')).bytes)).toBe((1n << 64n) - 1n);
    expect(reads.i64((await calls.call('length', '"Ä"')).bytes)).toBe(2n);
  });

  test('arrays, arrays of texts and structs are laid into memory for pointers', async () => {
    expect(reads.i64((await calls.call('sum', '[1, 2, 3]', '3')).bytes)).toBe(123n);
    expect(reads.i64((await calls.call('sum', '{4, 5}', '2')).bytes)).toBe(45n);
    expect(await textOf((await calls.call('join', '["a b", c, "d,e"]', '3')).bytes)).toBe('a b-c-d,e-');
    expect(reads.i32((await calls.call('area', '{x: 3, y: 4}')).bytes)).toBe(12);
    expect(reads.i32((await calls.call('area', '&{3, 5}')).bytes)).toBe(15);
    expect(await textOf((await calls.call('show_list', '[{one, 1}, {name: "two", count: 2}]', '2')).bytes)).toBe(
      'one 1;two 2;',
    );
    expect(await textOf((await calls.callJson('show_list', [['x', 7]], 1)).bytes)).toBe('x 7;');
  });

  test('what the function writes to comes back', async () => {
    const { planned, answer } = await calls.call('move', '{10, 20}', '5');
    const [target] = planned.targets;
    expect(target).toMatchObject({ argument: 0, name: 'p', count: 1 });
    const bytes = Buffer.from((answer.ok && answer.memory[target?.block ?? -1]) || []);
    expect([bytes.readInt32LE(0), bytes.readInt32LE(4)]).toEqual([15, 15]);
  });
});

const words = (write: (b: Buffer) => void, size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
};
const floats = (...values: readonly number[]): Buffer => Buffer.from(new Float32Array(values).buffer);
const doubles = (...values: readonly number[]): Buffer => Buffer.from(new Float64Array(values).buffer);
const ints = (...values: readonly number[]): Buffer => Buffer.from(new Int32Array(values).buffer);

/** Values as typed, and the bytes that the struct then has. */
const structs: readonly (readonly [string, string, Buffer])[] = [
  ['one', '{-7}', Buffer.from([0xf9])],
  ['three', '{1, 2, 3}', Buffer.from([1, 2, 3])],
  ['point', '{x: -1, y: 2}', ints(-1, 2)],
  ['vec2', '{1.5, -2.5}', floats(1.5, -2.5)],
  ['vec3', '{x: 1, y: 2, z: 3}', floats(1, 2, 3)],
  ['vec4', '{1, 2, 3, 4}', floats(1, 2, 3, 4)],
  ['pair', '{1.25, inf}', doubles(1.25, Infinity)],
  ['quad', '{1, 2, 3, 4}', doubles(1, 2, 3, 4)],
  ['mixed', '{a: -5, b: 2.5}', words((b) => b.writeDoubleLE(2.5, b.writeBigInt64LE(-5n)), 16)],
  ['demix', '{a: 2.5, b: -5}', words((b) => b.writeBigInt64LE(-5n, b.writeDoubleLE(2.5)), 16)],
  ['half', '{1.5, -2}', Buffer.concat([floats(1.5), ints(-2)])],
  ['twelve', '{1, 2.5, 3}', Buffer.concat([ints(1), floats(2.5), ints(3)])],
  ['sixteen', '{"sixteen letters"}', Buffer.from('sixteen letters\0')],
  ['packed', '{1, -2, 3.5}', words((b) => b.writeDoubleLE(3.5, b.writeInt32LE(-2, b.writeInt8(1))), 13)],
  ['tail', '{1.5, 2.5}', Buffer.concat([doubles(1.5), floats(2.5)])],
  ['nested', '{from: {1, 2}, to: {x: 3, y: 4}}', Buffer.concat([ints(1, 2), Buffer.from([3, 0, 4])])],
  ['with_union', '{1, {f: 2.5}}', Buffer.concat([ints(1), floats(2.5)])],
  ['anonymous', '{a: 1, c: 2.5, e: 3}', Buffer.concat([ints(1), floats(2.5), Buffer.from([0, 0, 3, 0])])],
  ['matrix', '{[[1, 2], [3]]}', ints(1, 2, 3, 0)],
  ['aligned', '{.x = 1, .w = 4}', floats(1, 0, 0, 4)],
];

describe('structs', () => {
  test.each(structs)(
    'struct %s is passed as %s and returned, in registers, late and on the stack',
    async (name, value, expected) => {
      // Padding at the end is nobody's: only the bytes of fields are compared.
      const same = ({ bytes }: { readonly bytes: Buffer }): void =>
        expect(bytes.subarray(0, expected.length)).toEqual(expected);
      same(await calls.call(`take_${name}`, value));
      same(await calls.call(`late_${name}`, '1', '2', value, '9'));
      const first = ['1', '2', '3', '4', '5', '1', '2', '3', '4', '5', '6', '7', '6'];
      same(await calls.call(`spilled_${name}`, ...first, value, '77', '88'));
    },
  );

  test('a large struct comes back in memory and goes in by its address; by value the stack has no room for it', async () => {
    const made = Buffer.concat([ints(3, 4), Buffer.alloc(1012), ints(7)]);
    expect((await calls.call('make_kilobyte', '3', '4')).bytes).toEqual(made);
    expect(reads.i32((await calls.call('see_kilobyte', '{{1, 2, 3}}')).bytes)).toBe(3);
    const call = calls.call('take_kilobyte', '{[1]}');
    if (nativeConvention === 'aapcs64') expect(reads.i32((await call).bytes)).toBe(0);
    else await expect(call).rejects.toThrow('argument 1 (v) is or holds what needs more than 16 words on the stack');
  });

  test('bit-fields, texts inside structs and large structs arrive', async () => {
    expect(await textOf((await calls.call('show_bits', '{5, -64, 0x1234567890, true}')).bytes)).toBe(
      '5 -64 78187493520 1',
    );
    expect(await textOf((await calls.call('show_named', '{name: Rotterdam, count: 3}')).bytes)).toBe('Rotterdam 3');
    const big = '{a: -1, b: 2.5, name: "a, b", d: [1, -2]}';
    expect(await textOf((await calls.call('show_big', big, '6')).bytes)).toBe('-1 2.5 a, b 1,-2,0 6');
  });

  test('a struct that finds too few registers leaves them to what follows', async () => {
    const { bytes } = await calls.call('squeezed', '1', '2', '3', '4', '5', '{6, 7}', '8', '{4, 5}', '{1, -1}');
    expect(reads.i64(bytes)).toBe(1234567890n);
  });

  test('a struct on the stack stands where its alignment asks for', async () => {
    const numbers = ['1', '2', '3', '4', '5', '6', '7', '1', '2', '3', '4', '5', '6', '7', '8'];
    expect((await calls.call('odd', ...numbers, '{1, 2, 3, 4}', '9')).bytes).toEqual(floats(1, 2, 3, 4));
  });
});

describe('arguments as JSON', () => {
  test('numbers, truth values, null, texts, arrays and objects are what they look like', async () => {
    expect(reads.i32((await calls.callJson('i32', -5)).bytes)).toBe(-5);
    expect(reads.f64((await calls.callJson('f64', 2.5)).bytes)).toBe(2.5);
    expect(reads.f64((await calls.callJson('f64', 'nan')).bytes)).toBeNaN();
    expect(reads.u64((await calls.callJson('u64', '0xffffffffffffffff')).bytes)).toBe((1n << 64n) - 1n);
    expect(reads.u8((await calls.callJson('boolean', false)).bytes)).toBe(1);
    expect(reads.i32((await calls.callJson('color', 'GREEN')).bytes)).toBe(7);
    expect(reads.u8((await calls.callJson('is_null', null)).bytes)).toBe(1);
    expect(await textOf((await calls.callJson('greet', 'JSON')).bytes)).toBe('Hello, JSON!');
    expect(reads.i64((await calls.callJson('sum', [1, 2, 3], 3)).bytes)).toBe(123n);
    expect((await calls.callJson('take_point', { y: 4 })).bytes).toEqual(ints(0, 4));
    expect((await calls.callJson('take_point', [3, 4])).bytes).toEqual(ints(3, 4));
  });
});

describe('C++', () => {
  const cpp = `
#include <string>
namespace geo { struct Point { double x, y; double length() const; }; enum class Kind : unsigned char { small = 1, large = 200 };
double Point::length() const { return x + y; }
double dot(const Point &a, const Point &b) { return a.x * b.x + a.y * b.y; }
Kind bigger(Kind k) { return k == Kind::small ? Kind::large : Kind::small; } }
struct Base { int a; }; struct Derived : Base { int b; };
int derived(Derived d) { return d.b; }
struct Owner { int *p; Owner() : p(nullptr) {} Owner(const Owner &o) : p(o.p) {} ~Owner() { p = nullptr; } };
int owner(Owner o) { return o.p == nullptr; }
long text_length(std::string s) { return (long)s.size(); }
int use() { Owner a, b(a); return owner(b); }
extern "C" void module_update(double) {}
`;

  test('references, scoped enumerations and overloads by their linkage name are passed; classes that are not plain are refused', async () => {
    const engine = await engineForTests();
    await using bench = await openCallBenchFrom('m.cpp', cpp, (file, library) =>
      run('clang++', ['-shared', '-fPIC', '-g', '-O0', '-std=c++17', file, '-o', library, engine]),
    );
    expect(reads.f64((await bench.call('dot', '{1, 2}', '{x: 3, y: 4}')).bytes)).toBe(11);
    expect(reads.u8((await bench.call('bigger', 'small')).bytes)).toBe(200);
    expect(reads.u8((await bench.call('bigger', 'geo::Kind::large')).bytes)).toBe(1);
    await expect(bench.call('dot', 'null', '{1}')).rejects.toThrow('cannot be null');
    await expect(bench.call('derived', '{1}')).rejects.toThrow('a class with bases or virtual functions');
    await expect(bench.call('owner', '{null}')).rejects.toThrow('a destructor or a copy constructor of its own');
    await expect(bench.call('text_length', '"abc"')).rejects.toMatchObject({ code: 'HM544' });
  });

  test('what gcc made is called like what clang made', async () => {
    const engine = await engineForTests();
    await using bench = await openCallBenchFrom(
      'm.c',
      `${source}\nvoid module_update(double dt) { (void)dt; }`,
      (file, library) => run('gcc', ['-shared', '-fPIC', '-g', '-O2', file, '-o', library, engine]),
    );
    const first = ['1', '2', '3', '4', '5', '1', '2', '3', '4', '5', '6', '7', '6'];
    for (const [name, value, expected] of structs) {
      const { bytes } = await bench.call(`spilled_${name}`, ...first, value, '77', '88');
      expect(bytes.subarray(0, expected.length), name).toEqual(expected);
      const { bytes: late } = await bench.call(`late_${name}`, '1', '2', value, '9');
      expect(late.subarray(0, expected.length), name).toEqual(expected);
    }
  });
});
