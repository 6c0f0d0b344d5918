import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentHash } from '../../src/files/hash.js';
import { createIgnoreTest } from '../../src/watch/ignore.js';
import { type FileChange, type Watcher, watch } from '../../src/watch/watcher.js';
import { tempDir, writeFiles } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

describe.each([{ polling: false }, { polling: true }])('watching (polling: $polling)', ({ polling }) => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let watcher: Watcher;
  let changes: FileChange[];
  const at = (name: string) => join(dir.path, name);
  const changed = (name: string) => changes.filter((change) => change.path === at(name));

  beforeEach(async () => {
    dir = await tempDir({
      'modules/a/a.c': 'int a;\n',
      'modules/b/b.c': 'int b;\n',
      '.gitignore': '*.gen.c\n',
      'modules/a/.gitignore': 'private/\n!keep.gen.c\n',
    });
    changes = [];
    watcher = await watch({
      paths: [at('modules')],
      ignore: createIgnoreTest({
        root: dir.path,
        outDir: at('.hotmod'),
        dirs: [at('modules'), at('modules/a'), at('modules/b')],
        patterns: ['*.tmp'],
      }),
      polling,
      pollIntervalMs: 20,
      onChange: (change) => changes.push(change),
      onError: (error) => {
        throw error;
      },
    });
  });

  afterEach(async () => {
    await watcher[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
  });

  /** Writes a file that is certainly reported, so that everything before it has been seen or never will be. */
  const fence = async () => {
    const name = `modules/b/fence${Math.random()}.c`;
    await writeFile(at(name), 'int fence;\n');
    await waitFor(() => changed(name).length > 0, 'the fence');
  };

  test('reports a changed file', async () => {
    await writeFile(at('modules/a/a.c'), 'int a = 1;\n');
    await waitFor(() => changed('modules/a/a.c').length > 0, 'the change');
  });

  test('says nothing about a touch', async () => {
    await utimes(at('modules/a/a.c'), new Date(), new Date());
    await fence();
    expect(changed('modules/a/a.c')).toEqual([]);
  });

  test('says nothing when the same text is written again', async () => {
    await writeFile(at('modules/a/a.c'), 'int a;\n');
    await fence();
    await waitFor(() => watcher.hashOf(at('modules/a/a.c')) === contentHash('int a;\n'), 'the same content');
    expect(changed('modules/a/a.c')).toEqual([]);
  });

  test('ends at the last content after a burst of saves to one file', async () => {
    for (let n = 0; n < 40; n++) await writeFile(at('modules/a/a.c'), `int a = ${n};\n`);
    await waitFor(() => watcher.hashOf(at('modules/a/a.c')) === contentHash('int a = 39;\n'), 'the last content');
  });

  test('reports a revert to earlier text', async () => {
    await writeFile(at('modules/a/a.c'), 'int a = 1;\n');
    await waitFor(() => changed('modules/a/a.c').length > 0, 'the change');
    await writeFile(at('modules/a/a.c'), 'int a;\n');
    await waitFor(() => watcher.hashOf(at('modules/a/a.c')) === contentHash('int a;\n'), 'the revert');
    expect(changed('modules/a/a.c').length).toBeGreaterThan(1);
  });

  test('reports a file that another was renamed over, once and never as gone', async () => {
    await writeFile(at('modules/a/a.c.tmp'), 'int a = 2;\n');
    await rename(at('modules/a/a.c.tmp'), at('modules/a/a.c'));
    await waitFor(() => changed('modules/a/a.c').length > 0, 'the change');
    await fence();
    expect(changed('modules/a/a.c')).toHaveLength(1);
    expect(watcher.hashOf(at('modules/a/a.c'))).toBe(contentHash('int a = 2;\n'));
  });

  test('reports files and folders that come and go as a change of structure', async () => {
    await mkdir(at('modules/c'));
    await writeFile(at('modules/c/c.c'), 'int c;\n');
    await waitFor(() => changed('modules/c/c.c').some((change) => change.structure), 'the new file');
    await rm(at('modules/c'), { recursive: true });
    await waitFor(() => watcher.hashOf(at('modules/c/c.c')) === null, 'the removal');
  });

  test('leaves out what .gitignore and the configuration name, and keeps what a deeper file takes back', async () => {
    await writeFiles(dir.path, {
      'modules/a/x.gen.c': 'int x;\n',
      'modules/a/private/p.c': 'int p;\n',
      'modules/a/y.tmp': 'y\n',
      'modules/a/keep.gen.c': 'int k;\n',
    });
    await waitFor(() => changed('modules/a/keep.gen.c').length > 0, 'the file taken back');
    await fence();
    for (const name of ['modules/a/x.gen.c', 'modules/a/private/p.c', 'modules/a/y.tmp']) {
      expect(changed(name)).toEqual([]);
    }
  });

  test('watches a single file outside from the content it was built with on', async () => {
    await writeFile(at('outside.h'), '#define A 1\n');
    watcher.add(new Map([[at('outside.h'), contentHash('#define A 1\n')]]));
    await fence();
    expect(changed('outside.h')).toEqual([]);
    await waitFor(async () => {
      await writeFile(at('outside.h'), `#define A ${Math.random()}\n`);
      return changed('outside.h').length > 0;
    }, 'the change outside');
  });
});
