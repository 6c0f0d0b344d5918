import { execFileSync } from 'node:child_process';
import { normalize } from 'node:path';
import { describe, expect } from 'vitest';
import type { CodeFrame } from '../../src/debuginfo/types.js';
import { type DebugBuild, debugBuild, type Flavour, flavours } from '../helpers/debug-builds.js';
import { testWith } from '../helpers/programs.js';

const withSymbolizer = testWith('llvm-symbolizer');

const header = `
static inline int clamp(int x) {
  if (x < 0)
    return *(volatile int *)(long)x;
  return x;
}
`;

const sourceC = `
#include "clamp.h"
int g_total;
__attribute__((noinline)) static int slow(int *p, int by) {
  int sum = 0;
  for (int n = 0; n < by; n++) {
    sum += p[n];
    g_total += clamp(sum);
  }
  return sum;
}
static inline int twice(int x) {
  return clamp(x) * 2;
}
int outer(int *p, int by) {
  int a = slow(p, by);
  if (a > 10)
    g_total = twice(a);
  return a + twice(by);
}
#line 900 "generated.y"
int generated(int *p) {
  return *p + 1;
}
`;

const sourceCpp = `
namespace city {
namespace { int hidden(int x) { return x / 3; } }
template <class T> struct box {
  T held[4];
  int sum() const { int s = 0; for (const T &one : held) s += one; return s; }
};
struct house {
  virtual int grow(int by);
  int floors;
};
int house::grow(int by) {
  box<int> b{{by, by, floors, 1}};
  return floors += b.sum() + hidden(by);
}
}
int build(int n) { city::house h; h.floors = n; return h.grow(n); }
`;

/** Every address of the code, and a few behind it, because instructions begin anywhere. */
function addressesOf(build: DebugBuild): readonly number[] {
  return build.info.functions.flatMap(({ address, size }) => Array.from({ length: size + 3 }, (_, n) => address + n));
}

/** What llvm-symbolizer says of each address: frames as `function file:line`, the innermost first. */
function askSymbolizer(build: DebugBuild, addresses: readonly number[]): readonly (readonly string[])[] {
  const text = execFileSync(
    'llvm-symbolizer',
    ['--inlines', '--no-demangle', '--functions=linkage', '--output-style=JSON', `--obj=${build.path}/out`],
    { input: addresses.map((one) => `0x${one.toString(16)}\n`).join(''), encoding: 'utf8' },
  );
  const answers: { Symbol: { FileName: string; FunctionName: string; Line: number }[] }[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  // Behind the code there are functions of the C runtime, which it knows from the symbol table alone.
  const known = answers.map((one) => one.Symbol.filter((at) => at.FileName !== ''));
  // A constructor of a class without virtual bases has two names for one code (Itanium C++ ABI, section 5.1.4.3).
  const name = (text: string): string => text.replace('C1E', 'C2E');
  return known.map((frames) => frames.map((at) => `${name(at.FunctionName)} ${normalize(at.FileName)}:${at.Line}`));
}

/** What only one source knows gets no linkage name from gcc; the symbol then has the plain one in it. */
function spell({ function: name, linkageName, file, line }: CodeFrame, expected: string | undefined): string {
  const symbol = expected?.slice(0, expected.indexOf(' ')) ?? '';
  const plain = name.slice(name.lastIndexOf(':') + 1);
  const own = linkageName ?? (symbol.includes(plain) ? symbol : name);
  return `${own} ${file}:${line}`;
}

/** Each of them unoptimised and optimised; strict DWARF 2 has no attribute for the place an inlined function is called at. */
const all: readonly Flavour[] = flavours.flatMap((one) =>
  one.args.includes('-O2') || one.args.includes('-gdwarf-2')
    ? [one]
    : [one, { ...one, name: `${one.name} -O2`, args: [...one.args, '-O2'] }],
);

describe.each(all)('of $name', (flavour) => {
  withSymbolizer('every address of C code has the functions and lines that llvm-symbolizer gives', async () => {
    await using build = await debugBuild({ files: { 'clamp.h': header, 'places.c': sourceC }, flavour });
    compare(build);
  });

  withSymbolizer('every address of C++ code has the functions and lines that llvm-symbolizer gives', async () => {
    await using build = await debugBuild({ files: { 'places.cpp': sourceCpp }, flavour });
    compare(build);
  });
});

function compare(build: DebugBuild): void {
  const addresses = addressesOf(build);
  const expected = askSymbolizer(build, addresses);
  const wrong = addresses.flatMap((address, n) => {
    const own = build.info.framesAt(address).map((frame, depth) => spell(frame, expected[n]?.[depth]));
    return own.join('\n') === expected[n]?.join('\n') ? [] : [{ address, own, expected: expected[n] }];
  });
  expect(addresses.length).toBeGreaterThan(60);
  expect(wrong.slice(0, 3)).toEqual([]);
}
