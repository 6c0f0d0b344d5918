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
    const args = [`--target=${triple}`, '-fuse-ld=lld', '-nostdlib', '-ffreestanding'];
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
    expect.stringMatching(/^struct s: 40 bytes became 48$/),
    expect.stringContaining('list'),
    expect.stringMatching(/last: moved from offset 32 to offset 40/),
  ]);
});
