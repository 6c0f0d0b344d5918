import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaseType } from '../../src/debuginfo/types.js';
import { decode } from '../../src/values/decode.js';
import { FetchedMemory } from '../../src/values/memory.js';
import { type LiveProgram, liveProgram } from '../helpers/live-program.js';

const source = `
#include <complex.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>
enum mood { SAD = -1, HAPPY = 3 };
enum flags { LEFT = 1, RIGHT = 2, UP = 4 };
struct point { int x, y; };
struct node { int value; struct node *next; };
struct bits { unsigned low : 3; int below : 5; bool on : 1; unsigned long wide : 40; enum mood mood : 4; } bits;
union either { int number; float real; };
struct city { char name[16]; union { int number; unsigned char bytes[2]; }; struct point at; int sizes[3]; } city;
struct __attribute__((packed)) packed { char a; long b; unsigned c : 5, d : 13; } packed;

int8_t i8; uint8_t u8; int16_t i16; uint16_t u16; int32_t i32; uint32_t u32; int64_t i64, small64; uint64_t u64;
__int128 i128; bool yes; char letter; float tenth, infinite, nothing; double third; long double longTenth, longHuge, longNan;
__float128 quad; double complex both; enum mood mood, unknown; enum flags flags;
union either either; char text[8], full[4], latin[8], euro[8]; char16_t utf16[8]; char32_t utf32[4]; wchar_t wide[8];
int list[100], grid[2][3]; char names[2][6]; volatile int seen; _Atomic long counted; int none[0];
char *literal, *nowhere, *big, *accents; void *null, *bad = (void *)0x10; struct node *first; struct node ring; void (*fn)(void);
struct { int n; struct point points[]; } *flexible;
float many[200]; struct { int __proto__; int toString; } odd;

void fill(void) {
  i8 = INT8_MIN; u8 = 255; i16 = -2; u16 = 65535; i32 = INT32_MIN; u32 = UINT32_MAX;
  i64 = INT64_MIN; small64 = -5; u64 = UINT64_MAX; i128 = ((__int128)1 << 100) + 1; yes = true; letter = 'A';
  tenth = 0.1f; infinite = -INFINITY; nothing = NAN; third = 1.0 / 3; longTenth = 0.1L; longHuge = -1.5e4000L; longNan = NAN;
  quad = 2.5; both = 1.5 - 2 * I;
  mood = SAD; unknown = 77; flags = LEFT | UP; either.real = 1.0f;
  strcpy(text, "Rome"); memcpy(full, "abcd", 4); memcpy(latin, "caf\\xe9\\\\", 6); strcpy(euro, "\\xe2\\x82\\xac!");
  memcpy(utf16, u"h\\u00e9\\U0001F600", 10); memcpy(utf32, U"\\U0001F600x", 12); wcscpy(wide, L"w\\u00efde");
  for (int n = 0; n < 100; n++) list[n] = n;
  for (int n = 0; n < 6; n++) grid[n / 3][n % 3] = n;
  strcpy(names[0], "one"); strcpy(names[1], "two"); seen = 7; counted = 8;
  literal = "a literal"; big = malloc(1000); memset(big, 'x', 999); big[999] = 0;
  accents = malloc(601); accents[0] = 'x'; for (int n = 0; n < 300; n++) memcpy(accents + 1 + 2 * n, "\\xc3\\xa9", 2); accents[600] = 0;
  struct node *second = calloc(1, sizeof *second); second->value = 2;
  first = calloc(1, sizeof *first); first->value = 1; first->next = second; ring.value = 9; ring.next = &ring; fn = fill;
  flexible = calloc(1, 100); flexible->n = 2; flexible->points[1].y = 5;
  bits.low = 5; bits.below = -3; bits.on = true; bits.wide = (1ul << 39) + 1; bits.mood = HAPPY;
  strcpy(city.name, "Oslo"); city.number = 0x0201; city.at.x = 4; city.sizes[2] = 6;
  packed.a = 1; packed.b = -2; packed.c = 21; packed.d = 5000;
  odd.__proto__ = 1; odd.toString = 2;
}
`;

let program: LiveProgram;

beforeAll(async () => {
  program = await liveProgram(source);
});

afterAll(async () => {
  await program[Symbol.asyncDispose]();
});

describe('a live value', () => {
  test.each([
    ['i8', -128],
    ['u8', 255],
    ['i16', -2],
    ['u16', 65535],
    ['i32', -2147483648],
    ['u32', 4294967295],
    ['small64', -5],
    ['i64', '-9223372036854775808'],
    ['u64', '18446744073709551615'],
    ['i128', '1267650600228229401496703205377'],
    ['yes', true],
    ['letter', 65],
    ['seen', 7],
    ['counted', 8],
  ])('that is a whole number is exact: %s', async (path, value) => {
    expect(await program.value(path)).toBe(value);
  });

  test.each([
    ['tenth', 0.1],
    ['infinite', '-Infinity'],
    ['nothing', 'NaN'],
    ['third', 1 / 3],
    ['longTenth', 0.1],
    ['longHuge', '-1.500000000e4000'],
    ['longNan', 'NaN'],
    ['quad', 2.5],
    ['both', [1.5, -2]],
  ])('that is a floating-point number is the number written: %s', async (path, value) => {
    expect(await program.value(path)).toEqual(value);
  });

  test('of an enumeration is a name, or a number where there is none', async () => {
    expect(await program.value('mood')).toBe('SAD');
    expect(await program.value('unknown')).toBe(77);
    expect(await program.value('flags')).toBe(5);
  });

  test.each([
    ['text', 'Rome'],
    ['full', 'abcd'],
    ['latin', 'caf\\xe9\\\\'],
    ['euro', '\u20ac!'],
    ['utf16', 'h\u00e9\u{1F600}'],
    ['utf32', '\u{1F600}x'],
    ['wide', 'w\u00efde'],
    ['names', ['one', 'two']],
    ['literal', 'a literal'],
    ['nowhere', null],
    ['accents', `x${'\u00e9'.repeat(127)}...`],
    ['big', `${'x'.repeat(256)}...`],
  ])('that is text is shown as text: %s', async (path, value) => {
    expect(await program.value(path)).toEqual(value);
  });

  test('of a struct has all fields, bit-fields and anonymous members among them', async () => {
    expect(await program.value('bits')).toEqual({ low: 5, below: -3, on: true, wide: 549755813889, mood: 'HAPPY' });
    expect(await program.value('city')).toEqual({
      name: 'Oslo',
      number: 513,
      bytes: [1, 2],
      at: { x: 4, y: 0 },
      sizes: [0, 0, 6],
    });
    expect(await program.value('packed')).toEqual({ a: 1, b: -2, c: 21, d: 5000 });
    expect(await program.value('either')).toEqual({ number: 0x3f800000, real: 1 });
  });

  test('keeps fields whose names mean something to JavaScript', async () => {
    const value = await program.value('odd');
    expect(Object.entries(value ?? {})).toEqual([
      ['__proto__', 1],
      ['toString', 2],
    ]);
  });

  test('of an array is shortened, and says by how much', async () => {
    expect(await program.value('list', { elements: 3 })).toEqual([0, 1, 2, '... 97 more']);
    expect(await program.value('grid')).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(await program.value('none')).toEqual([]);
  });

  test('behind a pointer is an address, or the object on request, as deep as was asked for', async () => {
    expect(await program.value('first')).toMatch(/^0x[0-9a-f]+$/);
    expect(await program.value('first', { follow: 1 })).toEqual({ value: 1, next: expect.stringMatching(/^0x/) });
    expect(await program.value('first', { follow: 5 })).toEqual({ value: 1, next: { value: 2, next: null } });
    expect(await program.value('null', { follow: 5 })).toBeNull();
    expect(await program.value('bad', { follow: 5 })).toBe('0x10');
    expect(await program.value('fn', { follow: 5 })).toMatch(/^0x/);
  });

  test('that leads back to itself ends', async () => {
    const value = await program.value('ring', { follow: 2 });
    expect(value).toEqual({ value: 9, next: { value: 9, next: { value: 9, next: expect.stringMatching(/^0x/) } } });
  });

  test('is reached by paths through pointers, elements and bit-fields', async () => {
    expect(await program.value('first->next->value')).toBe(2);
    expect(await program.value('first.next.value')).toBe(2);
    expect(await program.value('*first')).toMatchObject({ value: 1 });
    expect(await program.value('first[0].value')).toBe(1);
    expect(await program.value('bits.wide')).toBe(549755813889);
    expect(await program.value('packed.d')).toBe(5000);
    expect(await program.value('grid[1][2]')).toBe(5);
    expect(await program.value('grid[1]')).toEqual([3, 4, 5]);
    expect(await program.value('city.bytes[1]')).toBe(2);
    expect(await program.value('first->')).toMatchObject({ value: 1 });
  });
});

describe('a floating-point format that not every compiler has', () => {
  const decodeFloat = (name: string, bytes: readonly number[], longDouble?: 'x87' | 'binary128'): unknown => {
    const type: BaseType = { kind: 'base', name, size: bytes.length, encoding: 'float' };
    const options = { elements: 1, follow: 0, memory: new FetchedMemory() };
    return decode(type, Uint8Array.from(bytes), longDouble === undefined ? options : { ...options, longDouble });
  };

  // IEEE 754, table 3.5: one bit of sign, five of exponent with a bias of 15, ten of fraction.
  test.each([
    ['a half', [0x00, 0x38], 0.5],
    ['the smallest', [0x01, 0x00], 2 ** -24],
    ['the largest', [0xff, 0x7b], 65504],
    ['negative infinity', [0x00, 0xfc], '-Infinity'],
    ['no number', [0x00, 0x7e], 'NaN'],
  ])('is read: binary16, %s', (_, bytes, value) => {
    expect(decodeFloat('_Float16', bytes)).toBe(value);
  });

  test('is read: bfloat16 is the upper half of a float', () => {
    expect(decodeFloat('__bf16', [0x40, 0xc0])).toBe(-3);
  });

  test('is read: long double is binary128 on machines that have it so', () => {
    const oneAndAHalf = [...new Array<number>(13).fill(0), 0x80, 0xff, 0x3f];
    expect(decodeFloat('long double', oneAndAHalf, 'binary128')).toBe(1.5);
    expect(decodeFloat('long double', oneAndAHalf)).not.toBe(1.5);
  });
});
