import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildProject } from '../helpers/build-project.js';

const files = { 'modules/demo/a.c': 'int a;\n', 'modules/demo/b.cc': 'int b;\n' };

test('compile_commands.json lists every unit, and is written again only when the list changes', async () => {
  await using project = await buildProject(files, { compileCommands: true });
  const path = project.path('compile_commands.json');
  await project.build('demo');
  const entries: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expect(entries).toMatchObject([
    {
      directory: project.root,
      file: project.path('modules/demo/a.c'),
      arguments: expect.arrayContaining(['-g', '-c']),
    },
    { directory: project.root, file: project.path('modules/demo/b.cc') },
  ]);
  const { ino } = statSync(path);
  await project.write({ 'modules/demo/a.c': 'int changed;\n' });
  await project.build('demo');
  const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
  await project.another().build(project.module('demo'), request);
  expect(statSync(path).ino).toBe(ino);
  await project.write({ 'modules/demo/c.c': 'int c;\n' });
  await project.build('demo');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(3);
});

test('compile_commands.json of another build system is left alone', async () => {
  await using project = await buildProject(files, { compileCommands: true });
  const path = project.path('compile_commands.json');
  const foreign = '[{"directory":"/x","file":"a.c","command":"cc a.c"}]';
  writeFileSync(path, foreign);
  expect((await project.build('demo')).ok).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(foreign);
});
