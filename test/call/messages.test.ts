import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { planCall, planCallFromJson } from '../../src/call/plan.js';
import type { PlannedCall } from '../../src/call/types.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import type { DebugInfo } from '../../src/debuginfo/types.js';
import { HotmodError } from '../../src/errors.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

const source = `
#include <stdbool.h>
#include <stdint.h>
typedef double vector __attribute__((vector_size(16)));
enum color { RED, GREEN, BLUE };
struct point { int x, y; };
struct bits { unsigned three : 3; int four : 4; };
struct line { struct point from, to; char name[4]; };
struct hidden;
union number { int i; float f; };
struct wide { long double x; };
void small(int8_t a, uint8_t b) { (void)a; (void)b; }
void real(float x) { (void)x; }
void flag(bool on) { (void)on; }
void letter(char c) { (void)c; }
void paint(enum color c) { (void)c; }
double scale(struct point p, double by) { return p.x * by; }
void draw(struct line l) { (void)l; }
void pick(union number n) { (void)n; }
void mask(struct bits b) { (void)b; }
void numbers(int *values) { (void)values; }
void opaque(struct hidden *h) { (void)h; }
void text(const char *t) { (void)t; }
void none(void) {}
int print(const char *format, ...) { return format[0]; }
long double precise(void) { return 1; }
void precisely(int a, long double b) { (void)a; (void)b; }
__int128 huge(void) { return 1; }
double _Complex complex(double x) { return x; }
void simd(vector v) { (void)v; }
void wide(struct wide w) { (void)w; }
void callback(void (*f)(int)) { (void)f; }
float old(x) float x; { return x; }
`;

let info: DebugInfo;
beforeAll(async () => {
  await using workspace = await elfWorkspace();
  info = readDebugInfo(await readFile(await workspace.build('m.so', source)));
});

function plan(name: string, ...args: readonly string[]): PlannedCall {
  const fn = info.functions.find((one) => one.name === name);
  if (fn === undefined) throw new Error(`No function ${name}.`);
  return planCall(fn, args, { convention: 'sysv' });
}

function refusal(task: () => unknown): { readonly code: string; readonly message: string } {
  try {
    task();
  } catch (error) {
    if (error instanceof HotmodError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('arguments that do not fit are refused with the signature and the argument', () => {
  test.each([
    ['scale', ['{1, 2}'], 'double scale(struct point p, double by): it takes 2 arguments, and 1 were given.'],
    ['none', ['1'], 'void none(void): it takes no arguments, and 1 were given.'],
    [
      'small',
      ['128', '0'],
      'void small(int8_t a, uint8_t b): argument 1 (a): 128 does not fit signed char (-128 to 127).',
    ],
    ['small', ['0', '-1'], 'argument 2 (b): -1 does not fit unsigned char (0 to 255).'],
    ['small', ['1.5', '0'], 'argument 1 (a): 1.5 is no whole number (signed char).'],
    ['small', ['one', '0'], 'argument 1 (a): one is no number (signed char).'],
    ['small', ['', '0'], 'argument 1 (a): "" is no number (signed char).'],
    ['real', ['1e39'], 'argument 1 (x): 1e39 does not fit float.'],
    ['real', ['fast'], 'argument 1 (x): fast is no number (float).'],
    ['flag', ['2'], 'argument 1 (on): 2 is neither true nor false (_Bool).'],
    ['letter', ["'ab'"], "argument 1 (c): 'ab' is not one character."],
    ['letter', ["'é'"], "argument 1 (c): 'é' does not fit char (-128 to 127)."],
    ['paint', ['PURPLE'], 'argument 1 (c): PURPLE is none of enum color (RED, GREEN, BLUE).'],
    ['scale', ['{1, 2, 3}', '1'], 'argument 1 (p): 3 values for the 2 fields of struct point.'],
    ['scale', ['{x: 1, z: 2}', '1'], 'argument 1 (p): struct point has no field "z" (x, y).'],
    ['scale', ['{x: 1, x: 2}', '1'], 'argument 1 (p): the field x is given twice.'],
    ['scale', ['{x: 1, 2}', '1'], 'argument 1 (p): {x: 1, 2} has values with and without the name of a field.'],
    ['scale', ['{x: 1', '1'], 'argument 1 (p): {x: 1 is not closed by }.'],
    ['scale', ['{x: "}', '1'], 'argument 1 (p): "} is not closed by ".'],
    ['scale', ['{x: 1} 2', '1'], 'argument 1 (p): {x: 1} 2 goes on after its end, at "2".'],
    ['scale', ['{x: }', '1'], 'argument 1 (p): a value is missing at "}".'],
    ['scale', ['5', '1'], 'argument 1 (p): 5 is no struct point.'],
    [
      'draw',
      ['{from: {y: 3000000000}}'],
      'argument 1 (l): from: y: 3000000000 does not fit int (-2147483648 to 2147483647).',
    ],
    ['draw', ['{name: "lines"}'], 'argument 1 (l): name: "lines" is longer than 4 bytes.'],
    ['pick', ['{i: 1, f: 2}'], 'argument 1 (n): only one member of union number can be given.'],
    ['mask', ['{8}'], 'argument 1 (b): three: 8 does not fit 3 bits.'],
    ['mask', ['{1, -9}'], 'argument 1 (b): four: -9 does not fit 4 bits.'],
    ['numbers', ['12'], 'argument 1 (values): 12 is no int *: write null, 0x..., or what it points to in brackets.'],
    ['numbers', ['[1, x]'], 'argument 1 (values): [1]: x is no number (int).'],
    ['numbers', ['0x1ffffffffffffffff'], 'argument 1 (values): 0x1ffffffffffffffff is no address.'],
    ['opaque', ['{1}'], 'argument 1 (h): {1} is no struct hidden *; give an address as 0x....'],
    ['callback', ['main'], 'argument 1 (f): main is no void (*)(int); give an address as 0x....'],
  ] as const)('%s(%j)', (name, args, message) => {
    const { code, message: got } = refusal(() => plan(name, ...args));
    expect(got).toContain(message);
    expect(got).toContain(`${name}(`);
    expect(code).toBe('HM543');
  });

  test('JSON of the wrong type is refused the same way', () => {
    const text = info.functions.find((fn) => fn.name === 'text');
    if (text === undefined) throw new Error('No function text.');
    const json = (value: unknown) => () => planCallFromJson(text, [value], { convention: 'sysv' });
    expect(refusal(json(12)).message).toContain('argument 1 (t): 12 is no const char *');
    expect(refusal(json(undefined)).message).toContain('argument 1 (t): undefined is no value');
    expect(json('12')().words.memory).toHaveLength(1);
  });
});

describe('functions that cannot be called say why', () => {
  test.each([
    [
      'print',
      ['"x"'],
      'int print(const char *format, ...) cannot be called from outside: it takes or gives variable arguments',
    ],
    ['precise', [], 'its result is or holds long double, a floating-point number of 16 bytes.'],
    ['precisely', ['1', '2'], 'argument 2 (b) is or holds long double'],
    ['huge', [], 'its result is or holds __int128, an integer of 16 bytes.'],
    ['complex', ['1'], 'its result is or holds'],
    ['simd', ['1'], 'argument 1 (v) is or holds a vector'],
    ['wide', ['{1}'], 'argument 1 (w) is or holds long double'],
    ['old', ['1'], 'it takes or gives float parameters of a function without a prototype.'],
  ] as const)('%s', (name, args, message) => {
    const refused = refusal(() => plan(name, ...args));
    expect(refused.message).toContain(message);
    expect(refused.code).toBe('HM544');
  });
});

describe('what is taken for what', () => {
  test('an address must be hexadecimal, and a text of digits is a text for a char pointer', () => {
    expect(plan('numbers', '0x10').words).toMatchObject({ integers: [16n], memory: [] });
    expect(plan('opaque', '0x7f00000000000000').words.integers).toEqual([0x7f00000000000000n]);
    expect(plan('callback', 'null').words.integers).toEqual([0n]);
    expect(plan('text', '0x10').words).toMatchObject({ integers: [16n], memory: [] });
    expect(plan('text', '10').words.memory.map((one) => Buffer.from(one).toString())).toEqual(['10\0']);
    expect(plan('text', '"0x10"').words.memory.map((one) => Buffer.from(one).toString())).toEqual(['0x10\0']);
  });

  test('a digit for a char is a number, a quoted one its character', () => {
    expect(plan('letter', '5').words.integers).toEqual([5n]);
    expect(plan('letter', "'5'").words.integers).toEqual([53n]);
  });

  test('a number is extended to its whole register with its sign', () => {
    expect(plan('small', '-5', '251').words.integers).toEqual([(1n << 64n) - 5n, 251n]);
    expect(plan('letter', '-1').words.integers).toEqual([(1n << 64n) - 1n]);
  });

  test('the address of a block goes to the word that it was given for', () => {
    expect(plan('text', 'abc').words).toMatchObject({
      symbol: 'text',
      integers: [0n],
      patches: [{ into: 'integers', index: 0, block: 0 }],
      returns: { in: 'nothing' },
    });
  });
});
