import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LoadRequest, loadConfig } from '../../src/config/load.js';
import { targets } from '../../src/target/targets.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const known = targets({ platform: 'linux', arch: 'x64' });

async function load(config: unknown, flags: LoadRequest['flags'] = {}, env: Readonly<Record<string, string>> = {}) {
  const cwd = await tempProject({ 'hotmod.config.json': JSON.stringify(config), 'modules/a/a.c': 'int a;\n' });
  return loadConfig({ cwd, flags, env, targets: known });
}

describe('the target of a project', () => {
  test('is named by a flag before a variable before the file', async () => {
    const file = { target: 'macos-x64' };
    const env = { HOTMOD_TARGET: 'macos-arm64' };
    expect((await load({})).target.name).toBe('native');
    expect((await load(file)).target.name).toBe('macos-x64');
    expect((await load(file, {}, env)).target.name).toBe('macos-arm64');
    expect((await load(file, { target: 'linux-arm64' }, env)).target.name).toBe('linux-arm64');
  });

  test('comes first of several, and the others are only judged', async () => {
    for (const config of [
      await load({ targets: ['native', 'linux-arm64'] }),
      await load({}, { target: 'native, linux-arm64' }),
    ]) {
      expect(config.target.name).toBe('native');
      expect(config.otherTargets.map(({ name }) => name)).toEqual(['linux-arm64']);
    }
  });

  test('keeps its libraries and its history apart from those of other machines', async () => {
    const own = await load({});
    const other = await load({}, { target: 'linux-arm64' });
    expect(path.relative(own.root, own.outDir)).toBe('.hotmod');
    expect(path.relative(other.root, other.outDir)).toBe('.hotmod/linux-arm64');
  });

  test.each([
    ['linux-amr64', 'HM108', 'Did you mean "linux-arm64"?'],
    ['native,native', 'HM108', 'named twice'],
    ['', 'HM108', 'There is no target ""'],
  ])('%j is refused with exit code 2', async (target, code, words) => {
    const error = await thrown(load({}, { target }));
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error.message).toContain(words);
  });
});

describe('the processor', () => {
  test('is told to the compiler, its features too', async () => {
    const { target } = await load({ target: 'linux-arm64', cpu: 'neoverse-n1+sve' });
    expect(target.cpu).toEqual({ name: 'neoverse-n1', features: ['sve'] });
    expect(target.compileArgs).toContain('-mcpu=neoverse-n1+sve');
    expect((await load({ target: 'linux-arm64' }, { cpu: 'apple-m1' })).target.compileArgs).toContain('-mcpu=apple-m1');
    expect((await load({ target: 'linux-arm64' }, {}, { HOTMOD_CPU: 'apple-m1' })).target.cpu.name).toBe('apple-m1');
  });

  test('of several targets goes to those that can have it', async () => {
    const config = await load({ targets: ['native', 'linux-arm64'], cpu: 'neoverse-v1' });
    expect(config.target.cpu.name).toBe('generic');
    expect(config.otherTargets[0]?.cpu.name).toBe('neoverse-v1');
  });

  test.each([
    ['neovers-n1', 'HM125', 'Did you mean "neoverse-n1"?'],
    ['neoverse-n1+', 'HM125', 'is no feature'],
    ['generic+$(reboot)', 'HM125', 'is no feature'],
    ['native', 'HM126', 'linux-arm64 is for another one'],
  ])('%j is refused for linux-arm64 with exit code 2', async (cpu, code, words) => {
    const error = await thrown(load({ target: 'linux-arm64' }, { cpu }));
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error.message).toContain(words);
  });
});
