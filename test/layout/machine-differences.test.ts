import { expect, test } from 'vitest';
import { machineDifferences } from '../../src/layout/machine-differences.js';
import { targets } from '../../src/target/targets.js';
import { compiledTypes } from '../helpers/compiled-types.js';

const known = targets({ platform: 'linux', arch: 'x64' });

/** Freestanding sources, so that no target needs headers of its own. */
async function differences(text: string, there: string): Promise<readonly string[]> {
  const build = async (name: string, triple: string) => {
    const properties = known.get(name)?.properties;
    if (properties === undefined) throw new Error(`no target ${name}`);
    const args = [`--target=${triple}`, '-c', '-ffreestanding', '-Wno-unused-command-line-argument'];
    return { machine: name, debug: (await compiledTypes(text, { args })).debug, ...properties };
  };
  const triple = known.get(there)?.triple ?? '';
  return machineDifferences(await build('linux-x64', 'x86_64-linux-gnu'), await build(there, triple));
}

test('what is the same on both machines is not told', async () => {
  const text = 'struct s { int a; long b; char name[8]; char *text; double d; } x;';
  expect(await differences(text, 'linux-arm64')).toEqual([]);
});

test('a char that may be negative, and a long double, are told with where they are', async () => {
  const text = 'struct s { char mood; int n; } x; char flag, a, b, c; long double ratio;';
  expect(await differences(text, 'linux-arm64')).toEqual([
    expect.stringMatching(/^char is signed on linux-x64 and unsigned on linux-arm64: struct s\.mood, .* and 2 more$/),
    'long double is x87 on linux-x64 and binary128 on linux-arm64: ratio',
  ]);
});

test('a struct of another size is told field by field', async () => {
  const text = 'struct s { int n; __builtin_va_list list; int last; } x;';
  expect(await differences(text, 'linux-arm64')).toEqual([
    expect.stringMatching(
      /^struct s: 40 bytes on linux-x64 and 48 on linux-arm64; list .*; last at offset 32 and offset 40$/,
    ),
  ]);
});

test('a bit-field of another size, and a field that only one of them has, are told so', async () => {
  const text = `struct s {
#ifdef __aarch64__
  int extra; unsigned flags : 5;
#else
  unsigned flags : 3;
#endif
} x;`;
  expect(await differences(text, 'linux-arm64')).toEqual([
    'struct s: 4 bytes on linux-x64 and 8 on linux-arm64; extra only on linux-arm64; flags has 3 bits and 5 bits, at bit 0 and bit 32',
  ]);
});

test('what is aligned to the pages of one of them is told', async () => {
  const text = 'struct s { _Alignas(4096) char bytes[4096]; } x; struct big { _Alignas(16384) char bytes[16384]; } y;';
  expect(await differences(text, 'macos-arm64')).toEqual([
    'pages have 4096 bytes on linux-x64 and 16384 on macos-arm64: struct s is aligned to 4096',
  ]);
  expect(await differences(text, 'linux-arm64')).toEqual([]);
});
