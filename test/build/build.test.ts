import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildProject, exportsOf } from '../helpers/build-project.js';
import { testEachLinker, testWith } from '../helpers/programs.js';

const plain = { 'modules/demo/demo.c': 'int demo_value(void) { return 1; }\n' };

describe('a module of sources', () => {
  test('becomes one library of C, C++, preprocessed and plain assembly together', async () => {
    await using project = await buildProject({
      'modules/demo/a.c': 'int from_c(void) { return 1; }\n',
      'modules/demo/sub/b.cc':
        '#include <string>\nextern "C" int from_cc(void) { return (int)std::string("ab").size(); }\n',
      'modules/demo/c.cpp': 'extern "C" int from_cpp(void) { return 1; }\n',
      'modules/demo/d.cxx': 'extern "C" int from_cxx(void) { return 1; }\n',
      'modules/demo/e.S': '#define NAME from_big_s\n.globl NAME\nNAME:\n  ret\n.section .note.GNU-stack,"",%progbits\n',
      'modules/demo/f.s': '.globl from_small_s\nfrom_small_s:\n  ret\n.section .note.GNU-stack,"",%progbits\n',
      'modules/demo/g.m': 'int from_m(void) { return 1; }\n',
      'modules/demo/.hidden/h.c': 'this is no C\n',
      'modules/demo/node_modules/i.c': 'this is no C\n',
      'modules/demo/build/CMakeCache.txt': '',
      'modules/demo/build/j.c': 'this is no C\n',
    });
    const result = await project.build('demo');
    expect(result.diagnostics).toEqual([]);
    expect(result).toMatchObject({ ok: true, cached: false, superseded: false, settled: true });
    expect(result.library).toBe(join(project.config.outDir, 'generations/demo', `${result.hash}.so`));
    expect(exportsOf(result.library)).toEqual(
      expect.arrayContaining(['from_c', 'from_cc', 'from_cpp', 'from_cxx', 'from_big_s', 'from_small_s', 'from_m']),
    );
    expect(result.steps.map((step) => step.kind).sort()).toEqual([...Array(7).fill('compile'), 'link']);
  });

  test('is not built again while nothing changed, in this session and in the next', async () => {
    await using project = await buildProject(plain);
    const first = await project.build('demo');
    const processes = project.started.length;
    const again = await project.build('demo');
    const module = project.module('demo');
    const later = await project
      .another()
      .build(module, { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined });
    expect(project.started.length).toBe(processes);
    for (const result of [again, later]) {
      expect(result).toMatchObject({ ok: true, cached: true, library: first.library, hash: first.hash });
      expect(result.inputs).toEqual(first.inputs);
    }
  });

  test('gives a new file for new content, leaves the old one alone and finds it again after a revert', async () => {
    await using project = await buildProject(plain);
    const first = await project.build('demo');
    const bytes = readFileSync(first.library);
    await project.write({ 'modules/demo/demo.c': 'int demo_value(void) { return 2; }\n' });
    const second = await project.build('demo');
    expect(second.library).not.toBe(first.library);
    expect(readFileSync(first.library)).toEqual(bytes);
    await project.write(plain);
    expect(await project.build('demo')).toMatchObject({ cached: true, library: first.library });
  });

  test('compiles again only the units whose header changed', async () => {
    await using project = await buildProject({
      'modules/demo/one.c': '#include "one.h"\nint one(void) { return ONE; }\n',
      'modules/demo/two.c': '#include "two.h"\nint two(void) { return TWO; }\n',
      'modules/demo/one.h': '#define ONE 1\n',
      'modules/demo/two.h': '#define TWO 2\n',
    });
    await project.build('demo');
    await project.write({ 'modules/demo/one.h': '#define ONE 11\n' });
    const result = await project.build('demo');
    const compiled = result.steps.filter((step) => step.kind === 'compile' && !step.cached);
    expect(compiled.map((step) => step.file)).toEqual([project.path('modules/demo/one.c')]);
    expect([...result.inputs.keys()].sort()).toEqual(
      ['one.c', 'one.h', 'two.c', 'two.h'].map((name) => project.path(`modules/demo/${name}`)),
    );
  });

  test('reports progress for every unit and the link', async () => {
    await using project = await buildProject({ ...plain, 'modules/demo/b.c': 'int b;\n' });
    const seen: string[] = [];
    await project.builder.build(project.module('demo'), {
      signal: new AbortController().signal,
      rebuild: false,
      onProgress: (done, total) => seen.push(`${done}/${total}`),
    });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
  });

  test('keeps the warning of a unit that comes from the cache', async () => {
    await using project = await buildProject(
      { 'modules/demo/a.c': 'int a(void) { int unused; return 1; }\n' },
      { modules: { demo: { flags: ['-Wall'] } } },
    );
    const first = await project.build('demo');
    const again = await project.build('demo');
    expect(first.diagnostics).toMatchObject([{ code: 'HM213', line: 1, column: 19, severity: 'warning' }]);
    expect(again.cached).toBe(true);
    expect(again.diagnostics).toEqual(first.diagnostics);
  });

  test('takes flags, defines, includes and named sources as they are given, the last flag winning', async () => {
    await using project = await buildProject(
      {
        'modules/demo/a.c': '#include <far.h>\n#if FAR != 7 || WORD != 5 || LATE != 2\n#error flags\n#endif\nint a;\n',
        'modules/demo/b.c': 'this is not listed\n',
        'far/far.h': '#define FAR 7\n',
      },
      {
        modules: {
          demo: { sources: ['a.c'], defines: ['WORD=5', 'LATE=1'], cflags: ['-ULATE', '-DLATE=2', '-Ifar'] },
        },
      },
    );
    expect(await project.build('demo')).toMatchObject({ ok: true, diagnostics: [] });
  });

  test('builds in folders whose names hold spaces, quotes, dollars and letters beyond ASCII', async () => {
    await using project = await buildProject(
      {
        'modules/demo/ä "q" $x #1.c': '#include "h \' ü$.h"\nint odd(void) { return ODD; }\n',
        "modules/demo/h ' ü$.h": '#define ODD 1\n',
      },
      { folder: 'my "pröject" $HOME #2' },
    );
    const result = await project.build('demo');
    expect(result.diagnostics).toEqual([]);
    expect(exportsOf(result.library)).toContain('odd');
    expect([...result.inputs.keys()]).toContain(project.path("modules/demo/h ' ü$.h"));
    expect(await project.build('demo')).toMatchObject({ cached: true });
    await project.write({ "modules/demo/h ' ü$.h": 'broken\n' });
    expect((await project.build('demo')).diagnostics[0]).toMatchObject({
      file: "modules/demo/h ' ü$.h",
      line: 1,
      column: 1,
    });
  });

  test('writes its own name, its key included, into the library', async () => {
    await using project = await buildProject(plain);
    const result = await project.build('demo');
    expect(readFileSync(result.library).includes(`demo.${result.hash}.so`)).toBe(true);
  });

  testEachLinker('is linked by %s without starting the driver for the link', async (linker) => {
    await using project = await buildProject(plain, { linker });
    expect(await project.build('demo')).toMatchObject({ ok: true });
    await project.write({ 'modules/demo/demo.c': 'int demo_value(void) { return 2; }\n' });
    const before = project.started.length;
    expect(await project.build('demo')).toMatchObject({ ok: true });
    const files = project.started.slice(before).map((request) => request.file);
    expect(files).toHaveLength(2);
    expect(files[0]).toMatch(/clang$/);
    expect(files[1]).toMatch(/ld[^/]*$/);
  });

  test('runs static destructors of C++ when it is unloaded, so its start files were linked', async () => {
    await using project = await buildProject({
      'modules/demo/a.cc':
        'struct T { ~T() { __builtin_trap(); } };\nstatic T t;\nextern "C" void *where() { return &t; }\n',
    });
    const result = await project.build('demo');
    expect(result.ok).toBe(true);
    expect(readFileSync(result.library).includes('__cxa_finalize')).toBe(true);
  });

  testWith('gcc', 'g++')('is built by gcc too', async () => {
    await using project = await buildProject(
      { ...plain, 'modules/demo/b.cc': 'int b;\n' },
      { compiler: 'gcc', linker: 'bfd' },
    );
    expect(await project.build('demo')).toMatchObject({ ok: true, diagnostics: [] });
    expect(await project.build('demo')).toMatchObject({ ok: true, cached: true });
  });
});

describe('modules built at once', () => {
  test('share the job slots', async () => {
    let running = 0;
    let most = 0;
    const sources = (name: string) =>
      Object.fromEntries([1, 2, 3, 4].map((n) => [`modules/${name}/${n}.c`, `int ${name}${n};\n`]));
    await using project = await buildProject(
      { ...sources('a'), ...sources('b') },
      {
        modules: { a: {}, b: {} },
        jobs: 2,
        async around(request, run) {
          if (request.args.includes('-###')) return run(request);
          most = Math.max(most, ++running);
          try {
            return await run(request);
          } finally {
            running--;
          }
        },
      },
    );
    const results = await Promise.all([project.build('a'), project.build('b')]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
    expect(most).toBe(2);
  });
});

describe('what the cache holds', () => {
  test.each([
    ['a truncated object', 'cache/objects', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['an object of the right size with a wrong byte', 'cache/objects', (bytes: Buffer) => bytes.fill(7, 90, 99)],
    ['a garbage manifest', 'cache/manifests', () => Buffer.from('[{"object":')],
    ['a truncated library', 'generations/demo', (bytes: Buffer) => bytes.subarray(0, 100)],
  ])('is not believed: %s is made anew', async (_, folder, damage) => {
    await using project = await buildProject(plain);
    const first = await project.build('demo');
    const good = readFileSync(first.library);
    const { readdirSync, writeFileSync } = await import('node:fs');
    const dir = join(project.config.outDir, folder);
    for (const name of readdirSync(dir)) writeFileSync(join(dir, name), damage(readFileSync(join(dir, name))));
    const result = await project.build('demo');
    expect(result).toMatchObject({ ok: true, cached: false, hash: first.hash, diagnostics: [] });
    expect(readFileSync(result.library)).toEqual(good);
    expect(await project.build('demo')).toMatchObject({ cached: true });
  });

  test('may be removed as a whole at any time', async () => {
    await using project = await buildProject(plain);
    const first = await project.build('demo');
    rmSync(project.config.outDir, { recursive: true });
    expect(await project.build('demo')).toMatchObject({ ok: true, cached: false, hash: first.hash });
  });
});
