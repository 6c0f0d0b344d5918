import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const names = (config: { readonly modules: readonly { readonly name: string }[] }) => config.modules.map((m) => m.name);

describe('which modules', () => {
  const city = {
    'modules/simulation/s.c': 'int x;',
    'modules/traffic/t.c': 'int x;',
    'modules/traffic/module.json': '{"dependencies": {"simulation": "^1.0.0"}}',
    'modules/weather/w.c': 'int x;',
  };

  test('names on the command line restrict, and what they need comes along', async () => {
    const root = await tempProject(city);
    expect(names(await loadConfig({ cwd: root, env: {}, flags: { modules: ['weather'] } }))).toEqual(['weather']);
    const traffic = await loadConfig({ cwd: root, env: {}, flags: { modules: ['traffic'] } });
    expect(names(traffic)).toEqual(['simulation', 'traffic']);
  });

  test('`only` and `exclude` of the config restrict, and the command line beats them', async () => {
    const root = await tempProject({ ...city, 'hotmod.config.json': '{"modules": {"exclude": ["weather"]}}' });
    expect(names(await loadConfig({ cwd: root, env: {} }))).toEqual(['simulation', 'traffic']);
    expect(names(await loadConfig({ cwd: root, env: {}, flags: { modules: ['weather'] } }))).toEqual(['weather']);
  });

  test('an unknown name is answered with the nearest', async () => {
    const root = await tempProject(city);
    const error = await thrown(loadConfig({ cwd: root, env: {}, flags: { modules: ['trafic'] } }));
    expect(error).toMatchObject({ code: 'HM106', exitCode: 2 });
    expect(error.message).toBe('There is no module "trafic". Did you mean "traffic"?');
    expect(error.hint).toContain('simulation, traffic, weather');
  });

  test('a named module that is gone when a session loads again is left out, and the others do not come in', async () => {
    const root = await tempProject(city);
    const again = { cwd: root, env: {}, requireModules: false };
    expect(names(await loadConfig({ ...again, flags: { modules: ['weather', 'gone'] } }))).toEqual(['weather']);
    expect(names(await loadConfig({ ...again, flags: { modules: ['gone'] } }))).toEqual([]);
  });

  test('a slip in the name of an override is found', async () => {
    const root = await tempProject({
      ...city,
      'hotmod.config.json': '{"modules": {"overrides": {"wether": {}, "planned": {}}}}',
    });
    const error = await thrown(loadConfig({ cwd: root, env: {} }));
    expect(error.code).toBe('HM106');
    expect(error.message).toContain('"wether"');
  });

  test('two folders of one name are refused', async () => {
    const root = await tempProject({
      'a/core/x.c': 'int x;',
      'b/core/x.c': 'int x;',
      'hotmod.config.json': '{"modules": {"patterns": ["a/*", "b/*"]}}',
    });
    const error = await thrown(loadConfig({ cwd: root, env: {} }));
    expect(error).toMatchObject({ code: 'HM107', exitCode: 2 });
    expect(error.message).toContain(path.join(root, 'a/core'));
    expect(error.message).toContain(path.join(root, 'b/core'));
  });

  test('a folder that two patterns match is one module', async () => {
    const root = await tempProject({
      'modules/core/x.c': 'int x;',
      'hotmod.config.json': '{"modules": {"patterns": ["modules/*", "modules/core"]}}',
    });
    expect(names(await loadConfig({ cwd: root, env: {} }))).toEqual(['core']);
  });
});

describe('one module', () => {
  test('joins the flags of project, module.json and override in this order', async () => {
    const root = await tempProject({
      'modules/core/x.c': 'int x;',
      'modules/core/module.json': JSON.stringify({
        version: '1.2.3',
        dependencies: [{ name: 'base', version: '^2.0.0', optional: true }, { name: 'other' }],
        build: { cflags: ['-O1'], includes: ['inc'], defines: ['B=1'], sources: ['x.c'] },
      }),
      'hotmod.config.json': JSON.stringify({
        build: { cflags: ['-O0'], includes: ['shared'] },
        modules: { overrides: { core: { version: '2.0.0', build: { cflags: ['-O2'] } } } },
      }),
    });
    const [core] = (await loadConfig({ cwd: root, env: {} })).modules;
    expect(core?.version).toBe('2.0.0');
    expect(core?.build.cflags).toEqual(['-O0', '-O1', '-O2']);
    expect(core?.build.includes).toEqual([path.join(root, 'shared'), path.join(root, 'modules/core/inc')]);
    expect(core?.build.defines).toEqual(['B=1']);
    expect(core?.build.sources).toEqual(['x.c']);
    expect(core?.dependencies).toEqual([
      { name: 'base', version: '^2.0.0', optional: true },
      { name: 'other', version: '*', optional: false },
    ]);
  });

  test('with its own build command has the output as an absolute path', async () => {
    const root = await tempProject({
      'modules/core/module.json': '{"build": {"command": "make", "output": "build/libcore.so"}}',
    });
    const [core] = (await loadConfig({ cwd: root, env: {} })).modules;
    expect(core?.build.command).toBe('make');
    expect(core?.build.output).toBe(path.join(root, 'modules/core/build/libcore.so'));
  });

  test('has entry names that C can write, and those it gives itself take their place', async () => {
    const root = await tempProject({
      'modules/my-mod/x.c': 'int x;',
      'modules/my-mod/module.json': '{"entry": {"update": "tick", "view": ["draw", "show"]}}',
    });
    const [module] = (await loadConfig({ cwd: root, env: {} })).modules;
    expect(module?.entry).toEqual({
      getInterface: ['get_module_interface'],
      init: ['my_mod_init', 'module_init'],
      update: ['tick'],
      shutdown: ['my_mod_shutdown', 'module_shutdown', 'module_cleanup'],
      saveState: ['my_mod_save_state', 'module_save_state'],
      loadState: ['my_mod_load_state', 'module_load_state'],
      view: ['draw', 'show'],
    });
  });

  test.each([
    ['{"version": "1"}', 'version'],
    ['{"verison": "1.0.0"}', 'Did you mean "version"?'],
    ['{', 'not valid JSON'],
    ['{"build": {"command": "make"}}', 'build.output'],
  ])('with the module.json %s is refused by name', async (text, part) => {
    const root = await tempProject({ 'modules/core/x.c': 'int x;', 'modules/core/module.json': text });
    const error = await thrown(loadConfig({ cwd: root, env: {} }));
    expect(error).toMatchObject({ code: 'HM104', exitCode: 2 });
    expect(error.message).toContain(path.join(root, 'modules/core/module.json'));
    expect(error.message).toContain(part);
  });
});
