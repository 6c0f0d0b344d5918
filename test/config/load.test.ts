import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { tempProject, writeTree } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const counter = { 'modules/counter/counter.c': 'int x;\n' };
const load = (cwd: string, env: Record<string, string> = {}) => loadConfig({ cwd, env });

describe('without a config', () => {
  test('every folder of modules/ with a source is a module', async () => {
    const root = await tempProject({
      ...counter,
      'modules/deep/src/kernel.S': '',
      'modules/cmake/module.json': '{"build": {"command": "make", "output": "libx.so"}}',
      'modules/notes/readme.md': 'no source',
      'modules/generated/build/out.c': 'int x;',
      'modules/.hidden/x.c': 'int x;',
    });
    const config = await load(root);
    expect(config.modules.map((module) => module.name)).toEqual(['cmake', 'counter', 'deep']);
    expect(config.modulePatterns).toEqual(['modules/*']);
    expect(config.file).toBeNull();
  });

  test('a project without modules/ but with sources is itself the one module', async () => {
    const root = await tempProject({ 'main.cpp': 'int x;\n' });
    const config = await load(root);
    expect(config.modulePatterns).toEqual(['.']);
    expect(config.modules.map((module) => module.dir)).toEqual([root]);
    expect(config.modules[0]?.name).toBe(path.basename(root));
  });

  test('everything has a value and every path is absolute and real', async () => {
    const root = await tempProject(counter);
    await symlink(root, `${root}-link`);
    try {
      const config = await load(`${root}-link`);
      expect(config.root).toBe(root);
      expect(config.outDir).toBe(path.join(root, '.hotmod'));
      expect(config.target.name).toBe('native');
      expect(config.host).toEqual({
        rate: 60,
        stepped: false,
        standby: true,
        hangTimeoutMs: 2000,
        probationFrames: 120,
        frameCopies: true,
        frameCopyLimit: 32,
        restart: { max: 3, withinMs: 10_000 },
        env: {},
      });
      expect(new Set(Object.values(config.recovery.policy))).toEqual(new Set(['default']));
      expect(config.timeouts).toEqual({ build: 600_000, validate: 60_000, load: 2000, commit: 2000, call: 2000 });
      expect(config.modules[0]?.version).toBe('0.0.0');
    } finally {
      await rm(`${root}-link`);
    }
  });

  test('the limit of a call is that of loading and switching too, unless they have their own', async () => {
    const timeouts = async (given: unknown) => {
      const root = await tempProject({ ...counter, 'hotmod.config.json': JSON.stringify(given) });
      const config = await load(root);
      return { ...config.timeouts, hang: config.host.hangTimeoutMs };
    };
    expect(await timeouts({ host: { hangTimeoutMs: 700 } })).toMatchObject({ call: 700, load: 700, hang: 700 });
    expect(await timeouts({ host: { hangTimeoutMs: 700 }, timeouts: { call: 0, commit: 5 } })).toMatchObject({
      call: 0,
      hang: 0,
      load: 0,
      commit: 5,
    });
  });

  test('a project without any module says where it looked and what to do', async () => {
    const root = await tempProject({ 'modules/empty/readme.md': '' });
    const error = await thrown(load(root));
    expect(error).toMatchObject({ code: 'HM105', exitCode: 2 });
    expect(error.message).toContain(path.join(root, 'modules/*'));
    expect(error.hint).toContain('hotmod init');
  });

  test('a command that needs no modules gets a config all the same', async () => {
    const root = await tempProject({});
    expect((await loadConfig({ cwd: root, env: {}, requireModules: false })).modules).toEqual([]);
  });

  test('a project folder that does not exist is named', async () => {
    const root = await tempProject({});
    const error = await thrown(load(path.join(root, 'gone')));
    expect(error).toMatchObject({ code: 'HM101', exitCode: 2 });
    expect(error.message).toContain(path.join(root, 'gone'));
  });
});

describe('the config file', () => {
  const texts: Readonly<Record<string, string>> = {
    'hotmod.config.ts':
      "import { defineConfig } from 'hotmod';\nconst rate: number = 30;\nexport default defineConfig({ host: { rate } });\n",
    'hotmod.config.mts': 'const rate: number = 30;\nexport default { host: { rate } };\n',
    'hotmod.config.js': 'export default { host: { rate: 30 } };\n',
    'hotmod.config.mjs': 'export default await Promise.resolve({ host: { rate: 30 } });\n',
    'hotmod.config.json': '{"host": {"rate": 30}}\n',
    'package.json': '{"name": "x", "hotmod": {"host": {"rate": 30}}}\n',
  };

  test.each(Object.keys(texts))('can be %s', async (name) => {
    const root = await tempProject({ ...counter, [name]: texts[name] ?? '' });
    const config = await load(root);
    expect(config.file).toBe(path.join(root, name));
    expect(config.host.rate).toBe(30);
  });

  test('a package.json without our key is no config', async () => {
    const root = await tempProject({ ...counter, 'package.json': '{"dependencies": {"hotmod": "1"}}' });
    expect((await load(root)).file).toBeNull();
  });

  test.each(['ts', 'mts', 'js', 'mjs'])(
    'an edit of a %s file and of what it imports is seen by the next load',
    async (kind) => {
      const part = kind.replace('ts', 'js');
      const root = await tempProject({
        ...counter,
        'package.json': '{"type": "module"}',
        [`hotmod.config.${kind}`]: `import { rate } from './rate.${part}';\nexport default { host: { rate } };\n`,
        [`rate.${kind}`]: 'export const rate = 10;\n',
      });
      const first = await load(root);
      expect([first.host.rate, first.configFiles.includes(path.join(root, `rate.${kind}`))]).toEqual([10, true]);
      await writeFile(path.join(root, `rate.${kind}`), 'export const rate = 20;\n');
      expect((await load(root)).host.rate).toBe(20);
      await writeFile(path.join(root, `hotmod.config.${kind}`), 'export default { host: { rate: 30 } };\n');
      expect((await load(root)).host.rate).toBe(30);
    },
  );

  test('an edit is seen by the next load, in the file and in what it imports', async () => {
    const root = await tempProject({
      ...counter,
      'hotmod.config.ts': "import { rate } from './rate.js';\nexport default { host: { rate } };\n",
      'rate.ts': 'export const rate: number = 10;\n',
    });
    const first = await load(root);
    expect(first.host.rate).toBe(10);
    expect(first.configFiles).toContain(path.join(root, 'rate.ts'));
    await writeFile(path.join(root, 'rate.ts'), 'export const rate: number = 20;\n');
    expect((await load(root)).host.rate).toBe(20);
    await writeFile(path.join(root, 'hotmod.config.ts'), 'export default { host: { rate: 30 } };\n');
    expect((await load(root)).host.rate).toBe(30);
    expect(first.host.rate).toBe(10);
  });

  test('two of them in one project are refused', async () => {
    const root = await tempProject({ ...counter, 'hotmod.config.json': '{}', 'hotmod.config.mjs': '' });
    const error = await thrown(load(root));
    expect(error.code).toBe('HM101');
    expect(error.message).toMatch(/hotmod\.config\.mjs and hotmod\.config\.json/);
  });

  test('one that is named must exist', async () => {
    const root = await tempProject(counter);
    const error = await thrown(loadConfig({ cwd: root, configFile: 'other.json', env: {} }));
    expect(error).toMatchObject({ code: 'HM101', exitCode: 2 });
    expect(error.message).toContain(path.join(root, 'other.json'));
  });

  test('files that do not exist yet are watched, so that creating one is noticed', async () => {
    const root = await tempProject(counter);
    const { configFiles } = await load(root);
    expect(configFiles).toContain(path.join(root, 'hotmod.config.ts'));
    expect(configFiles).toContain(path.join(root, 'modules/counter/module.json'));
  });

  test.each([
    ['hotmod.config.ts', 'export default {\n  host: {{\n};\n', ':2:'],
    ['hotmod.config.mjs', "throw new Error('thrown on purpose');\n", 'thrown on purpose'],
    ['hotmod.config.json', '{\n  "host": {,}\n}\n', ':2:12'],
    ['hotmod.config.json', '{"host": {', ':1:11'],
    ['package.json', '{"hotmod": {,}}', ':1:13'],
    ['hotmod.config.ts', "export default 'x' + ;\n", ':1:'],
  ])('a broken %s names its place (%#)', async (name, text, place) => {
    const root = await tempProject({ ...counter, [name]: text });
    const error = await thrown(load(root));
    expect(error).toMatchObject({ code: 'HM101', exitCode: 2 });
    expect(error.message).toContain(path.join(root, name));
    expect(error.message).toContain(place);
    expect(error.message).not.toContain('\n');
  });

  test.each(['hotmod.config.ts', 'hotmod.config.json', 'hotmod.config.js'])('binary garbage in %s', async (name) => {
    const garbage = Uint8Array.from({ length: 512 }, (_, index) => (index * 37 + 128) % 256);
    const root = await tempProject({ ...counter, [name]: garbage });
    const error = await thrown(load(root));
    expect(error).toMatchObject({ code: 'HM101', exitCode: 2 });
    expect(error.message).toContain('not a text file');
  });

  test('one without a default export is told what to end with', async () => {
    const root = await tempProject({ ...counter, 'hotmod.config.ts': 'export const rate = 1;\n' });
    const error = await thrown(load(root));
    expect(error.code).toBe('HM101');
    expect(error.hint).toContain('export default');
  });

  test('a folder in the place of the file is no config, and an unreadable module.json is an error', async () => {
    const root = await tempProject(counter);
    await mkdir(path.join(root, 'hotmod.config.ts'));
    expect((await load(root)).file).toBeNull();
    await mkdir(path.join(root, 'modules/counter/module.json'));
    expect(await thrown(load(root))).toMatchObject({ code: 'HM104', exitCode: 2 });
  });
});

describe('flags, environment and file', () => {
  test('flags beat the environment, which beats the file, which beats the defaults', async () => {
    const root = await tempProject({ ...counter, 'hotmod.config.json': '{"build": {"jobs": 2}, "host": {"rate": 5}}' });
    const env = { HOTMOD_JOBS: '3', HOTMOD_POLLING: 'yes' };
    expect((await load(root)).build.jobs).toBe(2);
    expect((await load(root, env)).build.jobs).toBe(3);
    const config = await loadConfig({ cwd: root, env, flags: { jobs: 4, polling: undefined, rate: 7 } });
    expect(config.build.jobs).toBe(4);
    expect(config.watch.polling).toBe(true);
    expect(config.host.rate).toBe(7);
  });

  test('HOTMOD_CONFIG names the file, and a flag another', async () => {
    const root = await tempProject({
      ...counter,
      'a.json': '{"host": {"rate": 1}}',
      'b.json': '{"host": {"rate": 2}}',
    });
    const env = { HOTMOD_CONFIG: 'a.json' };
    expect((await load(root, env)).host.rate).toBe(1);
    expect((await loadConfig({ cwd: root, env, configFile: 'b.json' })).host.rate).toBe(2);
  });

  test.each([
    ['HOTMOD_JOBS', 'many'],
    ['HOTMOD_JOBS', '0'],
    ['HOTMOD_POLLING', 'maybe'],
    ['HOTMOD_RATE', '-1'],
  ])('a wrong %s=%s names the variable', async (name, value) => {
    const root = await tempProject(counter);
    const error = await thrown(load(root, { [name]: value }));
    expect(error).toMatchObject({ code: 'HM103', exitCode: 2 });
    expect(error.message).toContain(name);
    expect(error.message).toContain(value);
  });

  test('an unknown target names the ones there are', async () => {
    const root = await tempProject(counter);
    const error = await thrown(load(root, { HOTMOD_TARGET: 'nativ' }));
    expect(error).toMatchObject({ code: 'HM108', exitCode: 2 });
    expect(error.message).toContain('Did you mean "native"?');
  });
});

test('a broken config changes nothing: the next good one is loaded as if nothing had happened', async () => {
  const root = await tempProject({ ...counter, 'hotmod.config.ts': 'export default { host: { rate: 5 } };\n' });
  const before = await load(root);
  await writeTree(root, { 'hotmod.config.ts': 'export default { host: { rate: \n' });
  expect((await thrown(load(root))).code).toBe('HM101');
  await writeTree(root, { 'hotmod.config.ts': 'export default { host: { rate: 5 } };\n' });
  expect(await load(root)).toEqual(before);
});
