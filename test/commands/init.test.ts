import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { init } from '../../src/commands/init.js';
import { loadConfig } from '../../src/config/load.js';
import { commandIo } from '../helpers/command-io.js';
import { testWith } from '../helpers/programs.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const headers = path.resolve('modules/include');
const run = promisify(execFile);

test('an empty folder becomes a project whose config loads and has the module', async () => {
  const cwd = await tempProject();
  const io = commandIo({ cwd });
  expect(await init({}, io)).toBe(0);
  const config = await loadConfig({ cwd, env: {} });
  expect(config.file).toBe(path.join(cwd, 'hotmod.config.ts'));
  expect(config.modules.map(({ name, version }) => ({ name, version }))).toEqual([{ name: 'hello', version: '0.1.0' }]);
  expect(await readFile(path.join(cwd, '.gitignore'), 'utf8')).toBe('.hotmod/\n');
  expect(io.out()).toContain('wrote       modules/hello/hello.c');
  expect(io.out()).toContain('hotmod dev');
});

// gcc is no part of what hotmod installs; where the machine has it, the templates must suit it too.
const compilers: readonly (readonly [string, string])[] = [
  ['c', 'clang'],
  ['c', 'gcc'],
  ['cpp', 'clang++'],
  ['cpp', 'g++'],
];

for (const [lang, cc] of compilers) {
  const name = `the ${lang} template compiles with ${cc} without a warning, leaves nothing undefined and exports its entry`;
  testWith(cc)(name, async () => {
    const cwd = await tempProject();
    await init({ name: 'my-mod', lang }, commandIo({ cwd }));
    const library = path.join(cwd, 'x.so');
    const source = path.join(cwd, `modules/my-mod/my-mod.${lang}`);
    const flags = ['-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-Wl,-z,defs', '-I', headers];
    await run(cc, [...flags, source, '-o', library]);
    const { stdout } = await run('nm', ['-D', '--defined-only', library]);
    const [module] = (await loadConfig({ cwd, env: {} })).modules;
    const exported = (names: readonly string[] = []) =>
      names.filter((name) => new RegExp(` T ${name}$`, 'm').test(stdout)).length;
    const { init: start, update, shutdown, view, saveState, loadState } = module?.entry ?? {};
    expect([start, update, shutdown, view].map(exported)).toEqual([1, 1, 1, 1]);
    // Its variables are carried over by their types: a first module needs no code for that.
    expect([saveState, loadState].map(exported)).toEqual([0, 0]);
  });
}

test('what is there is never changed, and said to be left alone', async () => {
  const files = {
    'modules/hello/hello.c': 'int mine;\n',
    'hotmod.config.json': '{}\n',
    '.gitignore': 'node_modules/',
  };
  const cwd = await tempProject(files);
  const io = commandIo({ cwd });
  await init({}, io);
  expect(await readFile(path.join(cwd, 'modules/hello/hello.c'), 'utf8')).toBe('int mine;\n');
  expect(await readFile(path.join(cwd, '.gitignore'), 'utf8')).toBe('node_modules/\n.hotmod/\n');
  await expect(readFile(path.join(cwd, 'hotmod.config.ts'))).rejects.toThrow('ENOENT');
  expect(io.out()).toContain('left alone  modules/hello/hello.c');
  expect(io.out()).toContain('left alone  hotmod.config.json');
  expect(io.out()).toContain('wrote       modules/hello/module.json');
});

test('a second run changes nothing at all', async () => {
  const cwd = await tempProject();
  await init({}, commandIo({ cwd }));
  const io = commandIo({ cwd });
  await init({}, io);
  expect(io.out()).not.toMatch(/^(wrote|added)/m);
});

test('settings in package.json stay the only ones', async () => {
  const cwd = await tempProject({ 'package.json': '{"hotmod": {}}' });
  await init({}, commandIo({ cwd }));
  expect((await loadConfig({ cwd, env: {} })).file).toBe(path.join(cwd, 'package.json'));
});

test('a folder is made where it does not exist, and the next steps begin with going there', async () => {
  const cwd = await tempProject();
  const io = commandIo({ cwd });
  await init({ dir: 'new/project', name: 'core' }, io);
  expect(io.out()).toContain('cd new/project');
  expect((await loadConfig({ cwd: path.join(cwd, 'new/project'), env: {} })).modules[0]?.name).toBe('core');
});

test.each([
  [{ name: '../evil' }, '../evil'],
  [{ name: '2d' }, '2d'],
  [{ lang: 'rust' }, 'rust'],
])('%j is refused by name, and nothing is written', async (options, part) => {
  const cwd = await tempProject();
  const error = await thrown(init(options, commandIo({ cwd })));
  expect(error).toMatchObject({ code: 'HM103', exitCode: 2 });
  expect(error.message).toContain(part);
  await expect(readFile(path.join(cwd, 'hotmod.config.ts'))).rejects.toThrow('ENOENT');
});

test('a folder that cannot be written is named', async () => {
  const cwd = await tempProject({ modules: 'a file in the place of the folder' });
  const error = await thrown(init({}, commandIo({ cwd })));
  expect(error).toMatchObject({ code: 'HM101', exitCode: 2 });
  expect(error.message).toContain(path.join(cwd, 'modules'));
  await rm(path.join(cwd, 'modules'));
});
