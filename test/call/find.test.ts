import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { conventionOf } from '../../src/call/convention.js';
import { findFunction } from '../../src/call/find.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

const source = `
namespace geo { double scale(double by) { return by; } double scale(double x, double by) { return x * by; }
int only(int a) { return a; } int same(int a) { return a; } int same(double a) { return (int)a; } }
namespace math { int only2() { return 0; } }
static int secret() { return 1; }
int uses() { return secret(); }
extern "C" int plain(int a) { return a; }
`;

test('a function is found by its symbol, its full name, or a name that is unique', async () => {
  await using workspace = await elfWorkspace();
  const file = await workspace.build('f.so', source, { compiler: 'clang++', source: 'f.cpp' });
  const info = readDebugInfo(await readFile(file));
  const symbol = (name: string, count: number): string => {
    const found = findFunction(info, name, count);
    return found.linkageName ?? found.name;
  };
  expect(symbol('plain', 1)).toBe('plain');
  expect(symbol('geo::only', 1)).toBe('_ZN3geo4onlyEi');
  expect(symbol('only', 1)).toBe('_ZN3geo4onlyEi');
  expect(symbol('only2', 5)).toBe('_ZN4math5only2Ev');
  expect(symbol('geo::scale', 1)).toBe('_ZN3geo5scaleEd');
  expect(symbol('scale', 2)).toBe('_ZN3geo5scaleEdd');
  expect(symbol('_ZN3geo4sameEd', 1)).toBe('_ZN3geo4sameEd');
  expect(() => symbol('same', 1)).toThrow(
    /Several functions are called "same":\n.*int geo::same\(int a\): _ZN3geo4sameEi/,
  );
  expect(() => symbol('secret', 0)).toThrow('"secret" is static, so it has no name outside its file.');
  expect(() => symbol('nowhere', 0)).toThrow(/No function is called "nowhere"\. There is .*geo::only.*plain/);
});

test('the convention follows the machine of the library', () => {
  expect([62, 183, 8].map(conventionOf)).toEqual(['sysv', 'aapcs64', null]);
});
