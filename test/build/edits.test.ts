import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Run, RunRequest } from '../../src/build/run.js';
import { buildProject } from '../helpers/build-project.js';

const files = {
  'modules/demo/a.c': '#include "a.h"\nint a(void) { return A; }\n',
  'modules/demo/a.h': '#define A 1\n',
};

/** Runs `edit` at the moment the first compiler has started, or after it has ended. */
function editing(when: 'started' | 'ended', edit: () => void) {
  let pending = true;
  return async (request: RunRequest, run: Run) => {
    const mine = pending && request.args.includes('-c');
    if (mine) pending = false;
    const running = run(request);
    if (mine && when === 'started') edit();
    const result = await running;
    if (mine && when === 'ended') edit();
    return result;
  };
}

describe('an edit during the compile', () => {
  const cases: [string, string, 'started' | 'ended', string][] = [
    ['of the source', 'a.c', 'started', '#include "a.h"\nint a(void) { return 9; }\n'],
    ['of a header', 'a.h', 'started', '#define A 9\n'],
    ['of the source to the same size', 'a.c', 'ended', '#include "a.h"\nint a(void) { return B; }\n'],
    ['that removes a header', 'a.h', 'ended', ''],
  ];
  test.each(cases)('%s leaves the build unsettled, and nothing stale in the cache', async (_, name, when, text) => {
    let edit = (): void => undefined;
    await using project = await buildProject(files, { around: editing(when, () => edit()) });
    const path = project.path(`modules/demo/${name}`);
    edit = () => (text === '' ? rmSync(path) : writeFileSync(path, text));
    expect((await project.build('demo')).settled).toBe(false);
    await project.write(files);
    const mended = await project.build('demo');
    expect(mended).toMatchObject({ ok: true, settled: true, cached: false });
    await using fresh = await buildProject(files);
    const reference = await fresh.build('demo');
    expect(reference.ok).toBe(true);
    expect(mended.inputs.size).toBe(reference.inputs.size);
  });

  test('that makes a header found earlier on the include path leaves it unsettled', async () => {
    let edit = (): void => undefined;
    await using project = await buildProject(
      { 'modules/demo/a.c': '#include "far.h"\nint a = FAR;\n', 'far/far.h': '#define FAR 1\n' },
      { modules: { demo: { cflags: ['-Ifar'] } }, around: editing('ended', () => edit()) },
    );
    edit = () => writeFileSync(project.path('modules/demo/far.h'), '#define FAR 2\n');
    expect(await project.build('demo')).toMatchObject({ ok: true, settled: false });
    const next = await project.build('demo');
    expect(next).toMatchObject({ ok: true, settled: true });
    expect([...next.inputs.keys()]).toContain(project.path('modules/demo/far.h'));
  });
});

describe('a change between builds', () => {
  test('within the same clock tick, of the same size and with the same mtime, is seen', async () => {
    await using project = await buildProject(files);
    const first = await project.build('demo');
    const path = project.path('modules/demo/a.h');
    const { atime, mtime } = statSync(path);
    writeFileSync(path, '#define A 2\n');
    utimesSync(path, atime, mtime);
    const second = await project.build('demo');
    expect(second).toMatchObject({ ok: true, cached: false });
    expect(second.hash).not.toBe(first.hash);
  });

  test('by a header that now shadows the one used before is seen', async () => {
    await using project = await buildProject(
      { 'modules/demo/a.c': '#include <far.h>\nint a(void) { return FAR; }\n', 'far/far.h': '#define FAR 1\n' },
      { modules: { demo: { cflags: ['-Ifar'] } } },
    );
    const first = await project.build('demo');
    const shadow = project.path('modules/demo/far.h');
    const demo = project.module('demo');
    expect(project.builder.isAffected(demo, shadow)).toBe(true);
    writeFileSync(shadow, '#define FAR 2\n');
    const second = await project.build('demo');
    expect(second.cached).toBe(false);
    expect(second.hash).not.toBe(first.hash);
    rmSync(shadow);
    expect(await project.build('demo')).toMatchObject({ cached: true, hash: first.hash });
  });

  test('of a file that assembly includes as bytes is seen', async () => {
    await using project = await buildProject({
      'modules/demo/a.s':
        '.globl data\ndata:\n.incbin "modules/demo/data.bin"\n.section .note.GNU-stack,"",%progbits\n',
      'modules/demo/data.bin': 'one',
    });
    const first = await project.build('demo');
    expect(first.ok).toBe(true);
    await project.write({ 'modules/demo/data.bin': 'two' });
    expect((await project.build('demo')).hash).not.toBe(first.hash);
  });

  test('by a rename over the source is seen', async () => {
    await using project = await buildProject(files);
    const first = await project.build('demo');
    writeFileSync(project.path('new.c'), 'int a(void) { return 5; }\n');
    renameSync(project.path('new.c'), project.path('modules/demo/a.c'));
    expect((await project.build('demo')).hash).not.toBe(first.hash);
  });
});

describe('isAffected', () => {
  test('is true for exactly the files that can change the result', async () => {
    await using project = await buildProject(
      { ...files, 'modules/other/o.c': 'int o;\n', 'modules/demo/unused.h': '', 'shared/s.h': '' },
      { modules: { demo: { includes: [] }, other: {} } },
    );
    await project.build('demo');
    const ask = (path: string) => project.builder.isAffected(project.module('demo'), project.path(path));
    expect(ask('modules/demo/a.c')).toBe(true);
    expect(ask('modules/demo/a.h')).toBe(true);
    expect(ask('modules/demo/new.cc')).toBe(true);
    expect(ask('modules/demo/module.json')).toBe(true);
    expect(ask('modules/demo/unused.h')).toBe(false);
    expect(ask('modules/demo/notes.txt')).toBe(false);
    expect(ask('modules/demo/.a.c.swp')).toBe(false);
    expect(ask('modules/demo/node_modules/x.c')).toBe(false);
    expect(ask('modules/other/o.c')).toBe(false);
    expect(ask('shared/s.h')).toBe(false);
  });

  test('after a failure is true for what may mend it, and the inputs are known', async () => {
    await using project = await buildProject(
      {
        'modules/demo/a.c': '#include "used.h"\n#include "nowhere.h"\n',
        'modules/demo/used.h': '',
        'modules/other/o.c': '',
      },
      { modules: { demo: {}, other: {} } },
    );
    expect((await project.build('demo')).ok).toBe(false);
    const ask = (path: string) => project.builder.isAffected(project.module('demo'), project.path(path));
    expect([...project.builder.inputsOf('demo').keys()].sort()).toEqual([
      project.path('modules/demo/a.c'),
      project.path('modules/demo/used.h'),
    ]);
    expect(ask('modules/demo/nowhere.h')).toBe(true);
    expect(ask('lib/nowhere.h')).toBe(true);
    expect(ask('modules/demo/used.h')).toBe(true);
    expect(ask('lib/any.h')).toBe(true);
    expect(ask('modules/other/o.c')).toBe(false);
  });

  test('after a compile error knows the headers too', async () => {
    await using project = await buildProject({
      ...files,
      'modules/demo/a.c': '#include "a.h"\nint a(void) { return A }\n',
    });
    expect((await project.build('demo')).ok).toBe(false);
    expect([...project.builder.inputsOf('demo').keys()]).toContain(project.path('modules/demo/a.h'));
  });
});

describe('a source that disappears', () => {
  test('between plan and compile is HM211', async () => {
    let edit = (): void => undefined;
    await using project = await buildProject(
      { 'modules/demo/a.c': 'int a;\n', 'modules/demo/b.c': 'int b;\n' },
      {
        jobs: 1,
        around(request, run) {
          if (request.args.includes('modules/demo/a.c')) edit();
          return run(request);
        },
      },
    );
    edit = () => rmSync(project.path('modules/demo/b.c'));
    const result = await project.build('demo');
    expect(result).toMatchObject({ ok: false, settled: false });
    expect(result.diagnostics).toMatchObject([{ code: 'HM211', file: 'modules/demo/b.c' }]);
    expect(await project.build('demo')).toMatchObject({ ok: true });
  });
});

describe('an output folder', () => {
  test('that cannot be made is HM210', async () => {
    await using project = await buildProject(files, { outDir: '/dev/full' });
    const result = await project.build('demo');
    expect(result).toMatchObject({ ok: false, diagnostics: [{ severity: 'error', code: 'HM210' }] });
  });

  // A full disk is a small one: mounting needs root, and a container may forbid it even then.
  const dir = mkdtempSync(join(tmpdir(), 'hotmod-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'none', dir]).status === 0;
  const reason = mounted ? '' : ' (skipped: a small disk cannot be mounted without being root)';
  afterAll(() => {
    if (mounted) spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  });

  test.runIf(mounted)(`on a full disk is HM210, and the next build after space was made is good${reason}`, async () => {
    await using project = await buildProject(files, { outDir: join(dir, 'out') });
    const filler = join(dir, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096', 'count=1000']);
    const result = await project.build('demo');
    expect(result).toMatchObject({ ok: false, diagnostics: [{ severity: 'error', code: 'HM210' }] });
    expect(existsSync(join(dir, 'out/cache/tmp')) ? readdirSync(join(dir, 'out/cache/tmp')) : []).toEqual([]);
    rmSync(filler);
    expect(await project.build('demo')).toMatchObject({ ok: true, diagnostics: [] });
  });

  test.runIf(mounted)(`that fills up while the compiler writes is HM210${reason}`, async () => {
    const big = { 'modules/demo/a.c': 'char big[2000000] = {1};\n' };
    await using project = await buildProject(big, { outDir: join(dir, 'out') });
    expect((await project.build('demo')).diagnostics).toMatchObject([{ severity: 'error', code: 'HM210' }]);
  });
});

describe('prune', () => {
  test('keeps the newest and what is in use, and clears away what dead processes left', async () => {
    await using project = await buildProject({ 'modules/demo/a.c': 'int a0;\n' });
    const libraries: string[] = [];
    for (let n = 0; n < 4; n++) {
      await project.write({ 'modules/demo/a.c': `int a${n};\n` });
      libraries.push((await project.build('demo')).library);
    }
    for (const [n, library] of libraries.entries()) {
      for (const path of [library, library.replace('.so', '.json')]) utimesSync(path, 1000 + n, 1000 + n);
    }
    await project.write({ 'modules/demo/a.c': 'int a0;\n' });
    await project.build('demo');
    const left = join(project.config.outDir, 'cache/tmp/999999999-1');
    mkdirSync(left);
    const kept = libraries[1] ?? '';
    project.builder.prune({ generations: 1, objects: 1, keep: new Set([kept]) });
    expect(libraries.map((library) => existsSync(library))).toEqual([true, true, false, true]);
    expect(readdirSync(join(project.config.outDir, 'cache/objects'))).toHaveLength(1);
    expect(existsSync(left)).toBe(false);
  });

  test('what is kept beside a library goes with it, and takes no place of one', async () => {
    await using project = await buildProject({ 'modules/demo/a.c': 'int a0;\n' });
    const libraries: string[] = [];
    for (let n = 0; n < 3; n++) {
      await project.write({ 'modules/demo/a.c': `int a${n};\n` });
      const { library } = await project.build('demo');
      libraries.push(library);
      writeFileSync(`${library}.objects`, 'x');
      for (const path of [library, library.replace('.so', '.json')]) utimesSync(path, 1000 + n, 1000 + n);
    }

    project.builder.prune({ generations: 2 });

    expect(libraries.map((library) => existsSync(library))).toEqual([false, true, true]);
    expect(libraries.map((library) => existsSync(`${library}.objects`))).toEqual([false, true, true]);
  });

  test('keeps no more bytes than it may, whatever their number, and always what is in use', async () => {
    await using project = await buildProject({ 'modules/demo/a.c': 'int a0;\n' });
    const libraries: string[] = [];
    for (let n = 0; n < 3; n++) {
      await project.write({ 'modules/demo/a.c': `char a${n}[100000] = {1};\n` });
      libraries.push((await project.build('demo')).library);
    }
    project.builder.prune({ bytes: 150_000, keep: new Set(libraries.slice(0, 1)) });
    expect(libraries.map((library) => existsSync(library))).toEqual([true, false, true]);
    expect(readdirSync(join(project.config.outDir, 'cache/objects'))).toHaveLength(1);
  });
});
