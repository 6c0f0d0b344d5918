import { describe, expect, test } from 'vitest';
import { parseCompilerOutput } from '../../src/build/diagnostics.js';
import { findCode } from '../../src/codes/index.js';
import { buildProject } from '../helpers/build-project.js';
import { testEachLinker, testWith } from '../helpers/programs.js';

async function messagesOf(files: Record<string, string>, options: Parameters<typeof buildProject>[1] = {}) {
  await using project = await buildProject(files, options);
  const result = await project.build('demo');
  for (const { code } of result.diagnostics) expect(findCode(code), code).toBeDefined();
  return result;
}

describe('a compile error', () => {
  test('has its file, line, column, message and the frame of the compiler', async () => {
    const result = await messagesOf({ 'modules/demo/a.c': 'int a;\nint f(void) {\n  return 1\n}\n' });
    expect(result).toMatchObject({ ok: false, library: '', hash: '' });
    expect(result.diagnostics).toHaveLength(1);
    expect(result.diagnostics[0]).toMatchObject({
      file: 'modules/demo/a.c',
      line: 3,
      column: 11,
      severity: 'error',
      code: 'HM201',
      message: "expected ';' after return statement",
    });
    expect(result.diagnostics[0]?.rendered).toBe(
      "modules/demo/a.c:3:11: error: expected ';' after return statement\n  return 1\n          ^\n          ;",
    );
  });

  test('in a header names the header and keeps the include stack', async () => {
    const { diagnostics } = await messagesOf({
      'modules/demo/a.c': '#include "a.h"\n',
      'modules/demo/a.h': '#include "b.h"\n',
      'modules/demo/b.h': 'int ok;\nint bad = ;\n',
    });
    expect(diagnostics).toMatchObject([{ file: 'modules/demo/b.h', line: 2, column: 11, code: 'HM201' }]);
    expect(diagnostics[0]?.rendered).toMatch(
      /^In file included from modules\/demo\/a\.c:1:\nIn file included from .*a\.h:1:\n/,
    );
  });

  test('inside a macro has the place of use, and the macro as its note', async () => {
    const { diagnostics } = await messagesOf({
      'modules/demo/a.c': '#define TWICE(x) ((x) * nope)\nint f(void) { return TWICE(3); }\n',
    });
    expect(diagnostics).toMatchObject([{ line: 2, column: 22, message: "use of undeclared identifier 'nope'" }]);
    expect(diagnostics[0]?.notes).toEqual([
      { file: 'modules/demo/a.c', line: 1, column: 25, message: "expanded from macro 'TWICE'" },
    ]);
  });

  test('of several units and warnings beside them are all told, a warning of a shared header once', async () => {
    const { diagnostics } = await messagesOf({
      'modules/demo/a.c': '#include "w.h"\nint f(void) { return x; }\n',
      'modules/demo/b.c': '#include "w.h"\nint g(void) { return y; }\n',
      'modules/demo/w.h': '#warning both\n',
    });
    expect(diagnostics.filter((one) => one.code === 'HM213')).toMatchObject([
      { file: 'modules/demo/w.h', line: 1, column: 2 },
    ]);
    expect(diagnostics.filter((one) => one.code === 'HM201').map((one) => `${one.file}:${one.line}`)).toEqual([
      'modules/demo/a.c:2',
      'modules/demo/b.c:2',
    ]);
  });

  test('for a missing header stands at its include line', async () => {
    const { diagnostics } = await messagesOf({ 'modules/demo/a.c': '\n  #include "nowhere.h"\n' });
    expect(diagnostics).toMatchObject([{ line: 2, column: 12, message: "'nowhere.h' file not found", code: 'HM201' }]);
  });

  test('of the assembler has its line', async () => {
    const { diagnostics } = await messagesOf({ 'modules/demo/a.S': '.text\nfoo:\n  bogus %rax\n' });
    expect(diagnostics).toMatchObject([{ file: 'modules/demo/a.S', line: 3, column: 3, code: 'HM201' }]);
  });

  testWith('gcc', 'g++')('of gcc and GNU as is read as well', async () => {
    const { diagnostics } = await messagesOf(
      {
        'modules/demo/a.c': '#include "h.h"\n',
        'modules/demo/b.c': '\nint f(void) { return 1 }\n',
        'modules/demo/h.h': 'int z = ;\n',
        'modules/demo/c.s': '  bogus %rax\n',
      },
      { compiler: 'gcc', linker: 'bfd' },
    );
    expect(diagnostics).toMatchObject([
      { file: 'modules/demo/h.h', line: 1, column: 9 },
      { file: 'modules/demo/b.c', line: 2, column: 23 },
      { file: 'modules/demo/c.s', line: 1, column: 0 },
    ]);
  });

  test('in C++ keeps candidates as notes', async () => {
    const { diagnostics } = await messagesOf({
      'modules/demo/a.cc': 'void f(int, int);\nvoid f(char *);\nvoid g() { f(1); }\n',
    });
    expect(diagnostics).toMatchObject([{ line: 3, column: 12 }]);
    expect(diagnostics[0]?.notes.map((note) => note.line).sort()).toEqual([1, 2]);
  });

  test('about the flags themselves has no place', async () => {
    const result = await messagesOf(
      { 'modules/demo/a.c': 'int a;\n' },
      { modules: { demo: { flags: ['--no-such-flag'] } } },
    );
    expect(result.diagnostics).toMatchObject([{ file: '', line: 0, code: 'HM201', severity: 'error' }]);
  });

  test('of the compiler itself crashing is told apart', async () => {
    const { diagnostics } = await messagesOf({ 'modules/demo/a.c': '#pragma clang __debug crash\n' });
    expect(diagnostics).toMatchObject([{ file: 'modules/demo/a.c', code: 'HM212' }]);
  });

  test('is not made out of source text that looks like a message', () => {
    const text = 'a.c:1:5: error: real\nb.c: not: one\n    ^\n1 error generated.\n';
    const found = parseCompilerOutput(text, { cwd: '/p', root: '/p' });
    expect(found).toHaveLength(1);
    expect(found[0]?.rendered).toBe('a.c:1:5: error: real\nb.c: not: one\n    ^');
  });
});

describe('a link error', () => {
  const files = {
    'modules/demo/a.c': 'int nope(void);\nint f(void) { return nope(); }\n',
    'modules/demo/b.cc': 'namespace n { int go(int); }\nint g() { return n::go(1); }\n',
  };
  testEachLinker('of %s names each undefined symbol once, with its use', async (linker) => {
    // mold tells the function and not the line.
    const line = linker === 'mold' ? 0 : 2;
    const { ok, diagnostics } = await messagesOf(files, { linker });
    expect(ok).toBe(false);
    expect([...diagnostics].sort((a, b) => a.file.localeCompare(b.file))).toMatchObject([
      {
        code: 'HM203',
        file: 'modules/demo/a.c',
        line,
        message: 'undefined symbol: nope',
        notes: [{ message: 'used in f' }],
      },
      { code: 'HM203', file: 'modules/demo/b.cc', line, message: 'undefined symbol: n::go(int)' },
    ]);
  });

  testEachLinker('of %s for a function defined twice or a missing library is HM202', async (linker) => {
    const twice = {
      'modules/demo/a.c': 'int f(void) { return 1; }\n',
      'modules/demo/b.c': 'int f(void) { return 2; }\n',
    };
    const double = await messagesOf(twice, { linker });
    expect(double.diagnostics).toMatchObject([{ code: 'HM202', message: expect.stringContaining('f') }]);
    const missing = await messagesOf(
      { 'modules/demo/a.c': 'int a;\n' },
      { linker, modules: { demo: { ldflags: ['-lnosuchlibrary'] } } },
    );
    expect(missing.diagnostics).toMatchObject([{ code: 'HM202', message: expect.stringContaining('nosuchlibrary') }]);
  });
});

describe('a module without sources', () => {
  test('says so, and what would be one', async () => {
    const { diagnostics } = await messagesOf({ 'modules/demo/readme.txt': '' });
    expect(diagnostics).toMatchObject([{ code: 'HM209', message: expect.stringContaining('.c, .cc') }]);
  });

  test('says which of the sources it lists do not exist', async () => {
    const { diagnostics } = await messagesOf(
      { 'modules/demo/a.c': '' },
      { modules: { demo: { sources: ['a.c', 'gone.c'] } } },
    );
    expect(diagnostics).toMatchObject([{ code: 'HM209', message: expect.stringContaining('gone.c') }]);
  });
});
