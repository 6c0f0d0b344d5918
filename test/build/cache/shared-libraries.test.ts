import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BuildProject, buildProject } from '../../helpers/build-project.js';
import { describeEachLinker } from '../../helpers/programs.js';
import { buildAfresh, openTestCache } from '../../helpers/shared-cache.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { clang } from '../../helpers/warm.js';

const files = {
  'modules/demo/a.c': 'int a(void) { return 1; }\n',
  'modules/demo/b.cpp': '#include <string>\nextern "C" int b() { return (int)std::string("b").size(); }\n',
};

/** Whether the library is found; what is given must be the bytes of a clean build. */
async function look(project: BuildProject, cacheDir: string): Promise<boolean> {
  await using shared = openTestCache(cacheDir);
  await using made = await buildAfresh(project, shared.cache);
  await using clean = await buildAfresh(project, undefined);
  expect(made.result.diagnostics).toEqual(clean.result.diagnostics);
  expect(made.library.equals(clean.library)).toBe(true);
  expect(made.library.length > 0).toBe(clean.result.ok);
  expect(shared.problems).toEqual([]);
  await shared.cache.settle();
  return made.linked;
}

function archive(file: string, value: number): void {
  const dir = join(file, '..');
  mkdirSync(dir, { recursive: true });
  const script = `printf 'int far(void) { return ${value}; }' | ${clang} -fPIC -c -x c - -o far.o && rm -f ${file} && ar rcD ${file} far.o`;
  expect(spawnSync('sh', ['-c', script], { cwd: dir }).status).toBe(0);
}

describeEachLinker('a library linked by %s', (linker) => {
  // Which of them say what they read.
  const isShared = linker !== 'bfd';

  test(`is ${isShared ? 'found' : 'not shared, as this linker is not asked what it reads'}`, async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files, { linker });
    expect(await look(project, dir.path)).toBe(false);
    expect(await look(project, dir.path)).toBe(isShared);
  });

  test('is another one where an archive is, or one that is found first', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(
      {
        'modules/demo/a.c': 'extern int far(void);\nint a(void) { return far(); }\n',
        'first/.keep': '',
        'second/.keep': '',
      },
      { linker },
    );
    const ldflags = [`-L${project.path('first')}`, `-L${project.path('second')}`, '-lfar'];
    const module = { ...project.module('demo'), build: { ...project.module('demo').build, ldflags } };
    const both: BuildProject = { ...project, module: () => module };
    archive(project.path('second/libfar.a'), 1);
    expect(await look(both, dir.path)).toBe(false);
    expect(await look(both, dir.path)).toBe(isShared);
    archive(project.path('second/libfar.a'), 2);
    expect(await look(both, dir.path)).toBe(false);
    archive(project.path('first/libfar.a'), 3);
    expect(await look(both, dir.path)).toBe(false);
    expect(await look(both, dir.path)).toBe(isShared);
    rmSync(project.path('first/libfar.a'));
    expect(await look(both, dir.path)).toBe(isShared);
  });

  test('whose link writes or reads files of its own is left to the linker', async () => {
    await using dir = await tempDir({ 'script.txt': '--no-undefined\n' });
    await using project = await buildProject(files, { linker });
    for (const ldflags of [
      [`-Wl,-Map,${join(dir.path, 'map')}`],
      [`-Wl,@${join(dir.path, 'script.txt')}`],
      ['-Lrelative'],
    ]) {
      const module = { ...project.module('demo'), build: { ...project.module('demo').build, ldflags } };
      const other: BuildProject = { ...project, module: () => module };
      expect(await look(other, join(dir.path, 'cache'))).toBe(false);
      // A place that is relative is one of this project, whose folder is part of the key.
      expect(await look(other, join(dir.path, 'cache'))).toBe(isShared && ldflags[0] === '-Lrelative');
    }
  });

  test('is another one where a file is that no flag names: what a linker script leads to', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(
      { 'modules/demo/a.c': 'extern int far(void);\nint a(void) { return far(); }\n' },
      { linker },
    );
    await project.write({ 'scripts/libfar.so': `INPUT(${project.path('system/real.a')})\n` });
    const ldflags = [`-L${project.path('scripts')}`, '-lfar'];
    const module = { ...project.module('demo'), build: { ...project.module('demo').build, ldflags } };
    const other: BuildProject = { ...project, module: () => module };
    archive(project.path('system/real.a'), 1);
    // What changed a moment ago may have changed during the link.
    await waitFor(() => Date.now() - statSync(project.path('system/real.a')).ctimeMs > 20, 'the archive to be at rest');
    expect(await look(other, dir.path)).toBe(false);
    expect(await look(other, dir.path)).toBe(isShared);
    archive(project.path('system/real.a'), 2);
    expect(await look(other, dir.path)).toBe(false);
  });
});
