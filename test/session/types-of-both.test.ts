import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareVersions, createModelReader } from '../../src/session/types-of-both.js';
import { nativeTarget } from '../../src/target/targets.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

test('edit after edit, only the sources that changed are read', async () => {
  await using work = await elfWorkspace();
  const build = async (library: string, texts: readonly string[]): Promise<{ readonly library: string }> => {
    const names = texts.map((_, n) => `part${n}.c`);
    for (const [n, name] of names.entries()) await writeFile(join(work.path, name), `${texts[n]}\n`);
    for (const name of names) await work.run('clang', '-c', '-g', '-fPIC', '-o', `${name}.o`, name);
    await work.run('clang', '-shared', '-o', 'made.so', ...names.map((name) => `${name}.o`));
    await copyFile(join(work.path, 'made.so'), join(work.path, library));
    return { library: join(work.path, library) };
  };
  const part = (n: number, field = ''): string =>
    `struct part${n} { int count; ${field} }; struct part${n} own${n}; int take${n}(void) { return own${n}.count++; }`;
  const models = createModelReader(work.path, nativeTarget());
  const first = await build('1.so', [part(0), part(1), part(2)]);
  const second = await build('2.so', [part(0), part(1, 'long more;'), part(2)]);
  const third = await build('3.so', [part(0, 'char *name;'), part(1, 'long more;'), part(2)]);

  const one = await compareVersions(models, first, second, false);
  expect(one.after.debug?.reused).toBe(2);
  expect(one.changedRecords).toEqual(['struct part1']);

  models.keepOnly(new Set([second.library]));
  const other = await compareVersions(models, second, third, false);
  expect(other.after.debug?.reused).toBe(2);
  expect(other.changedRecords).toEqual(['struct part0']);
  expect(other.state.changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['fieldAdded own0.name']);
});
