import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildProject, buildProject, toolchainOf } from '../../helpers/build-project.js';
import { describeEachCompiler, programPath } from '../../helpers/programs.js';
import { buildAfresh, openTestCache } from '../../helpers/shared-cache.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { toolEnv } from '../../helpers/warm.js';

const files = {
  'modules/demo/a.c': '#include <stdio.h>\n#include "own.h"\nint a(void) { int unused; return puts("a") + OWN; }\n',
  'modules/demo/b.c': 'int b(void) { return 2; }\n',
  'modules/demo/own.h': '#define OWN 1\n',
};

/** Builds with what the cache holds and without any, and says what was found; both must be the same bytes. */
async function look(project: BuildProject, cacheDir: string): Promise<readonly boolean[]> {
  await using shared = openTestCache(cacheDir);
  await using made = await buildAfresh(project, shared.cache);
  await using clean = await buildAfresh(project, undefined);
  expect(made.result.diagnostics).toEqual(clean.result.diagnostics);
  expect([...made.result.inputs]).toEqual([...clean.result.inputs]);
  expect(made.result.hash).toBe(clean.result.hash);
  expect(made.library.equals(clean.library)).toBe(true);
  expect(shared.problems).toEqual([]);
  await shared.cache.settle();
  return made.fromCache;
}

describeEachCompiler('the shared cache, with %s', (compiler) => {
  const options = { compiler, modules: { demo: { flags: ['-Wall'] } } } as const;

  test('gives a project whose own store is gone its objects back, warnings and all', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files, options);
    expect(await look(project, dir.path)).toEqual([false, false]);
    expect(await look(project, dir.path)).toEqual([true, true]);
  });

  test('goes by the text of sources, of headers, and by flags', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files, options);
    await look(project, dir.path);
    await project.write({ 'modules/demo/own.h': '#define OWN 2\n' });
    expect(await look(project, dir.path)).toEqual([false, true]);
    await project.write({ 'modules/demo/own.h': '#define OWN 1\n', 'modules/demo/b.c': 'int b(void) { return 3; }\n' });
    expect(await look(project, dir.path)).toEqual([true, false]);
    const { build } = project.module('demo');
    const module = { ...project.module('demo'), build: { ...build, defines: ['X'] } };
    const other: BuildProject = { ...project, module: () => module };
    expect(await look(other, dir.path)).toEqual([false, false]);
    expect(await look(project, dir.path)).toEqual([true, true]);
  });

  test('a clone elsewhere gets other objects where its folder stands in the debug information', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files, options);
    await using clone = await buildProject(files, options);
    await look(project, dir.path);
    expect(await look(clone, dir.path)).toEqual([false, false]);
  });

  test('a clone elsewhere finds them where the objects are the same in every folder', async () => {
    await using dir = await tempDir();
    const plain = { compiler, modules: { demo: { flags: ['-g0'] } } };
    await using project = await buildProject(files, plain);
    await using clone = await buildProject(files, plain);
    await look(project, dir.path);
    expect(await look(clone, dir.path)).toEqual([true, true]);
  });

  test('a header whose whole path the compiler has seen keeps its unit in its folder, debug information or not', async () => {
    await using dir = await tempDir();
    const far = {
      'modules/demo/a.c': '#include <far.h>\nconst char *a(void) { return here(); }\n',
      'far/far.h': 'static inline const char *here(void) { return __FILE__; }\n',
    };
    const withFar = async () => {
      const project = await buildProject(far, { compiler, modules: { demo: {} } });
      const build = { ...project.module('demo').build, flags: ['-g0'], includes: [project.path('far')] };
      const module = { ...project.module('demo'), build };
      return { ...project, module: () => module };
    };
    await using project = await withFar();
    await using clone = await withFar();
    await look(project, dir.path);
    expect(await look(project, dir.path)).toEqual([true]);
    expect(await look(clone, dir.path)).toEqual([false]);
  });
});

describe('the shared cache', () => {
  test('a clone elsewhere gets other objects with -ffile-compilation-dir too: clang then writes the whole path of the source', async () => {
    await using dir = await tempDir();
    const options = { modules: { demo: { flags: ['-ffile-compilation-dir=.'] } } };
    await using project = await buildProject(files, options);
    await using clone = await buildProject(files, options);
    await look(project, dir.path);
    expect(await look(project, dir.path)).toEqual([true, true]);
    expect(await look(clone, dir.path)).toEqual([false, false]);
  });

  test('a header that appears where it is found first is seen', async () => {
    await using dir = await tempDir();
    await using project = await buildProject({ ...files, 'far/own.h': '#define OWN 5\n' });
    const build = { ...project.module('demo').build, includes: [project.path('far')] };
    rmSync(project.path('modules/demo/own.h'));
    const module = { ...project.module('demo'), build };
    const both: BuildProject = { ...project, module: () => module };
    await look(both, dir.path);
    expect(await look(both, dir.path)).toEqual([true, true]);
    await project.write({ 'modules/demo/own.h': '#define OWN 6\n' });
    expect(await look(both, dir.path)).toEqual([false, true]);
  });

  test('system headers count: one that changes, one that comes before it, one that is asked for and not there', async () => {
    await using dir = await tempDir();
    const source = `#include <sys_one.h>
#if __has_include(<sys_two.h>)
int a(void) { return 100 + ONE; }
#else
int a(void) { return ONE; }
#endif
`;
    await using project = await buildProject({
      'modules/demo/a.c': source,
      'second/sys_one.h': '#include <limits.h>\n#define ONE 1\n',
      'first/.keep': '',
    });
    const flags = ['-isystem', project.path('first'), '-isystem', project.path('second')];
    const module = { ...project.module('demo'), build: { ...project.module('demo').build, flags } };
    const both: BuildProject = { ...project, module: () => module };
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
    await project.write({ 'second/sys_one.h': '#define ONE 2\n' });
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
    await project.write({ 'first/sys_two.h': '' });
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
    await project.write({ 'first/sys_one.h': '#define ONE 3\n' });
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
    // What a header of the system includes itself comes from before it now.
    await project.write({ 'first/sys_one.h': '#include <limits.h>\n#define ONE 3\n' });
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
    await project.write({ 'first/limits.h': '#include_next <limits.h>\n#undef ONE\n#define ONE 9\n' });
    expect(await lookAged(both, dir.path)).toEqual([false]);
  });

  test('an object is not kept where a system header went away after it was compiled', async () => {
    await using dir = await tempDir();
    await using project = await buildProject({
      'modules/demo/a.c': '#include <sys_one.h>\nint a(void) { return ONE; }\n',
      'first/sys_one.h': '#define ONE 1\n',
      'second/sys_one.h': '#define ONE 2\n',
    });
    const flags = ['-isystem', project.path('first'), '-isystem', project.path('second')];
    const module = { ...project.module('demo'), build: { ...project.module('demo').build, flags } };
    const both: BuildProject = { ...project, module: () => module };
    const written = Date.now();
    await waitFor(() => Date.now() > written + 20, 'the clock of files to tick');
    {
      await using shared = openTestCache(dir.path);
      await using made = await buildAfresh(both, shared.cache);
      expect(made.fromCache).toEqual([false]);
      rmSync(project.path('first/sys_one.h'));
      await shared.cache.settle();
    }
    expect(await lookAged(both, dir.path)).toEqual([false]);
    expect(await lookAged(both, dir.path)).toEqual([true]);
  });

  for (const option of ['-isystem', '-I']) {
    test(`a header that appears between two that include the next of their name is seen (${option})`, async () => {
      await using dir = await tempDir();
      await using project = await buildProject({
        'modules/demo/a.c': '#include <next.h>\nint a(void) { return NEXT; }\n',
        'first/next.h': '#include_next <next.h>\n',
        'second/.keep': '',
        'third/next.h': '#define NEXT 1\n',
      });
      const flags = ['first', 'second', 'third'].flatMap((name) => [option, project.path(name)]);
      const module = { ...project.module('demo'), build: { ...project.module('demo').build, flags } };
      const both: BuildProject = { ...project, module: () => module };
      await look(both, dir.path);
      expect(await look(both, dir.path)).toEqual([true]);
      await project.write({ 'second/next.h': '#define NEXT 2\n' });
      expect(await look(both, dir.path)).toEqual([false]);
    });
  }

  test('a source that asks for the time, or that hands the assembler a file, is never kept', async () => {
    await using dir = await tempDir();
    await using project = await buildProject({
      'modules/demo/a.c': 'const char *a = __TIME__;\n',
      'modules/demo/b.c': '__asm__(".section .data\\n.incbin \\"modules/demo/b.bin\\"\\n");\n',
      'modules/demo/b.bin': 'x',
    });
    for (let n = 0; n < 2; n++) {
      await using shared = openTestCache(dir.path);
      await using made = await buildAfresh(project, shared.cache);
      expect(made.fromCache).toEqual([false, false]);
      await shared.cache.settle();
    }
  });

  test('assembly, and flags that read or write files of their own, are left to the compiler', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(
      { 'modules/demo/a.s': '.globl a\na: ret\n', 'modules/demo/b.c': 'int b(void) { return 1; }\n' },
      { modules: { demo: { cflags: ['--coverage'], ldflags: ['--coverage'] } } },
    );
    for (let n = 0; n < 2; n++) {
      await using shared = openTestCache(dir.path);
      await using made = await buildAfresh(project, shared.cache);
      expect(made.fromCache).toEqual([false, false]);
      await shared.cache.settle();
    }
  });

  test('a compiler that was replaced by another of the same name, size and version is another compiler', async () => {
    await using dir = await tempDir();
    const bin = join(dir.path, 'bin');
    mkdirSync(bin);
    // What it does not find beside itself does not matter here: no header is included.
    const copy = (): void => {
      rmSync(join(bin, 'clang'), { force: true });
      copyFileSync(programPath('clang') ?? 'clang', join(bin, 'clang'));
      utimesSync(join(bin, 'clang'), 1, 1);
    };
    copy();
    const toolchain = toolchainOf('clang', 'bfd');
    const own = { ...toolchain, compiler: { ...toolchain.compiler, path: join(bin, 'clang') } };
    await using project = await buildProject({ 'modules/demo/a.c': 'int a(void) { return 1; }\n' });
    const found: boolean[] = [];
    for (const replaced of [false, false, true]) {
      if (replaced) copy();
      await using shared = openTestCache(join(dir.path, 'cache'));
      await using made = await buildAfresh(project, shared.cache, { toolchain: own });
      expect(made.result.diagnostics).toEqual([]);
      found.push(...made.fromCache);
      await shared.cache.settle();
    }
    expect(found).toEqual([false, true, false]);
  });

  test('a script under the name of a compiler may do anything, so nothing of it is kept', async () => {
    await using dir = await tempDir({ 'bin/clang': `#!/bin/sh\nexec ${programPath('clang')} "$@"\n` });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(dir.path, 'bin/clang'), 0o755);
    symlinkSync(join(dir.path, 'bin/clang'), join(dir.path, 'bin/clang-99'));
    const toolchain = toolchainOf('clang', 'bfd');
    const own = { ...toolchain, compiler: { ...toolchain.compiler, path: join(dir.path, 'bin/clang-99') } };
    await using project = await buildProject(files);
    for (let n = 0; n < 2; n++) {
      await using shared = openTestCache(join(dir.path, 'cache'));
      await using made = await buildAfresh(project, shared.cache, { toolchain: own });
      expect(made.fromCache).toEqual([false, false]);
      await shared.cache.settle();
    }
  });

  test('an object is not kept where a header changed after it was compiled', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    {
      await using shared = openTestCache(dir.path);
      await using made = await buildAfresh(project, shared.cache);
      expect(made.fromCache).toEqual([false, false]);
      await project.write({ 'modules/demo/own.h': '#define OWN 7\n' });
      await shared.cache.settle();
    }
    expect(await look(project, dir.path)).toEqual([false, true]);
  });

  test('stores while nothing is built, by itself, and only the last of several versions', async () => {
    await using dir = await tempDir();
    await using project = await buildProject({ 'modules/demo/a.c': 'int a(void) { return 0; }\n' });
    const { openSharedCache } = await import('../../../src/build/cache/shared-cache.js');
    const { cacheUsage } = await import('../../../src/build/cache/contents.js');
    await using cache = openSharedCache({
      cacheDir: dir.path,
      limitBytes: 1e9,
      onProblem: () => undefined,
      restMs: 200,
    });
    const release = cache.hold();
    const builder = project.another({ cache, env: toolEnv });
    const request = { rebuild: false, onProgress: () => undefined, signal: new AbortController().signal };
    for (let version = 0; version < 4; version++) {
      writeFileSync(project.path('modules/demo/a.c'), `int a(void) { return ${version}; }\n`);
      expect((await builder.build(project.module('demo'), request)).ok).toBe(true);
    }
    expect((await cacheUsage(dir.path)).entries.objects).toBe(0);
    release();
    await waitFor(
      async () => ((await cacheUsage(dir.path)).counts.stored === 2 ? true : null),
      'the last version to be stored',
    );
    expect((await cacheUsage(dir.path)).entries).toMatchObject({ objects: 1, units: 1, libraries: 1 });
    expect(await look(project, dir.path)).toEqual([true]);
    expect(readFileSync(project.path('modules/demo/a.c'), 'utf8')).toContain('3');
  });
});

/** Headers of the system that were changed a moment ago are not believed, so they are made older. */
async function lookAged(project: BuildProject, cacheDir: string): Promise<readonly boolean[]> {
  const written = Date.now();
  await waitFor(() => Date.now() > written + 20, 'the clock of files to tick');
  return look(project, cacheDir);
}
