import { describe, expect, test } from 'vitest';
import { headerObstacle, obstacle } from '../../../src/build/pch/eligible.js';
import { leadingIncludes } from '../../../src/build/pch/prefix.js';

/** The names found, and the text behind the last of them. */
function split(text: string): { readonly names: readonly string[]; readonly rest: string } {
  const found = leadingIncludes(Buffer.from(text));
  return {
    names: found.map(({ name, beside }) => (beside ? `"${name}"` : `<${name}>`)),
    rest: Buffer.from(text)
      .subarray(found.at(-1)?.end ?? 0)
      .toString(),
  };
}

describe('the leading includes of a source', () => {
  test('go as far as there is nothing between them but blank lines and comments', () => {
    const text = `// é\n\n/* one\n   two */ #include <a>\n  #  include "b/c.h" // why\n#include <d//e> /* x */\nint f;\n#include <g>\n`;
    expect(split(text)).toEqual({ names: ['<a>', '"b/c.h"', '<d//e>'], rest: 'int f;\n#include <g>\n' });
  });

  test('may end with a carriage return', () => {
    expect(split('#include <a>\r\n\r\n#include "b"\r\nint f;')).toEqual({ names: ['<a>', '"b"'], rest: 'int f;' });
  });

  test.each([
    ['a macro', '#define A 1\n'],
    ['a condition', '#ifdef A\n'],
    ['a pragma', '#pragma once\n'],
    ['a name made by a macro', '#include NAME\n'],
    ['another directive that includes', '#include_next <b>\n'],
    ['code before it on its line', ';#include <b>\n'],
    ['code behind it on its line', '#include <b> int x;\n'],
    ['a line that goes on', '#include \\\n<b>\n'],
    ['a comment whose line goes on', '// why \\\n#include <b>\n'],
    ['a comment that goes on behind it', '#include <b> /* why\n*/\n'],
    ['a comment that never ends', '/* why\n#include <b>\n'],
    ['a trigraph', '// ??/\n#include <b>\n'],
    ['a lone carriage return', '// why\rint x;\n#include <b>\n'],
    ['a zero byte', '//\0\n#include <b>\n'],
    ['an end of file in its line', '#include <b>'],
    ['a directive in the other spelling', '%:include <b>\n'],
  ])('end before %s', (_, line) => {
    expect(split(`#include <a>\n${line}`)).toEqual({ names: ['<a>'], rest: line });
  });

  test('are none in a source with a byte order mark', () => {
    expect(split('\ufeff#include <a>\n').names).toEqual([]);
  });
});

test('only options of which it is known what they mean to a precompiled header let one be used', () => {
  const flags = [
    '-g',
    '-O0',
    '-I',
    '/-include',
    '-I/x',
    '-DA="b c"',
    '-std=gnu++17',
    '-Wall',
    '-march=native',
    '-fPIC',
  ];
  expect(obstacle({ launcher: [], language: 'c++', flags })).toBeNull();
  for (const flag of [
    '-include',
    '-fdebug-macro',
    '-g3',
    '-Wp,-DX',
    '-mllvm',
    '-fno-eliminate-unused-debug-types',
    '@x',
  ]) {
    expect(obstacle({ launcher: [], language: 'c', flags: [...flags, flag] }), flag).toContain(flag);
  }
  expect(obstacle({ launcher: [], language: 'asm', flags: [] })).toBe('it is asm');
});

test.each([
  ['const char *at = __TIME__;', 'uses __TIME__'],
  ['# pragma clang section bss="mine"', 'has #pragma clang section bss="mine"'],
  ['#pragma STDC FENV_ACCESS ON', 'has #pragma STDC FENV_ACCESS ON'],
  ['#define S _Pragma("clang section data=\\"d\\"")', 'has _Pragma clang section data=\\'],
  ['#pragma once\n#pragma pack(push, 1)\n#pragma GCC diagnostic push\n#pragma omp parallel\nint MY__TIME__X;', null],
])('of a header with %j it is said: %s', (text, said) => {
  expect(headerObstacle(text)).toBe(said);
});
