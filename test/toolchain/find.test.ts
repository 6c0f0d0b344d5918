import { chmod, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cpuTarget } from '../../src/target/cpu.js';
import { nativeTarget, targets } from '../../src/target/targets.js';
import { findToolchain, type ToolchainRequest } from '../../src/toolchain/find.js';
import { recognize } from '../../src/toolchain/probe.js';
import { which } from '../../src/toolchain/which.js';
import { testWith } from '../helpers/programs.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const target = nativeTarget();
const system = { compiler: null, linker: null, target, env: process.env };

/** A folder to stand for PATH, holding links to these real programs under these names. */
async function searchPath(programs: Readonly<Record<string, string>>): Promise<string> {
  const folder = await tempProject();
  for (const [name, program] of Object.entries(programs)) {
    const real = await which(program, process.env.PATH ?? '');
    if (real === null) throw new Error(`${program} is not installed`);
    await symlink(real, path.join(folder, name));
  }
  return folder;
}

async function script(folder: string, name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), `#!/bin/sh\n${text}\n`);
  await chmod(path.join(folder, name), 0o755);
}

describe('the toolchain of this machine', () => {
  test('is clang 14 or newer with the first linker of the target that is there', async () => {
    const found = await findToolchain(system);
    expect(found.compiler.version).toBeGreaterThanOrEqual(14);
    expect(found.compiler.kind).toMatch(/clang$/);
    expect(path.basename(found.cxx)).toMatch(/^clang\+\+/);
    expect(target.linkers).toContain(found.linker.name);
    expect(path.isAbsolute(found.linker.path)).toBe(true);
    expect(found.identity).toContain(found.compiler.versionText);
  });

  test('is asked for once as long as the programs stay what they are', async () => {
    expect(await findToolchain(system)).toBe(await findToolchain(system));
  });

  test('takes the linker that is named, by name and by path', async () => {
    const byName = await findToolchain({ ...system, linker: 'lld' });
    expect(byName.linker.name).toBe('lld');
    const byPath = await findToolchain({ ...system, linker: byName.linker.path });
    expect(byPath.linker).toEqual({ ...byName.linker, args: [`--ld-path=${byName.linker.path}`] });
  });

  testWith('ld.lld', 'ld.mold')(
    'takes lld where the tools stay loaded, and mold where each is started anew',
    async () => {
      expect((await findToolchain(system)).linker.name).toBe('mold');
      expect((await findToolchain({ ...system, warm: true })).linker.name).toBe('lld');
      expect((await findToolchain({ ...system, warm: true, linker: 'mold' })).linker.name).toBe('mold');
    },
  );

  testWith('gcc', 'g++')('takes gcc with g++ where the config says so', async () => {
    const found = await findToolchain({ ...system, compiler: 'gcc' });
    expect(found.compiler.kind).toBe('gcc');
    expect(found.compiler.version).toBeGreaterThanOrEqual(10);
    expect(path.basename(found.cxx)).toMatch(/g\+\+/);
    expect(path.isAbsolute(found.linker.path)).toBe(true);
  });
});

describe('the search for a compiler', () => {
  test('without any clang ends with HM204 and the way to get one', async () => {
    const error = await thrown(findToolchain({ ...system, env: { PATH: await searchPath({}) } }));
    expect(error).toMatchObject({ code: 'HM204', exitCode: 3 });
    expect(error.hint).toContain('hotmod doctor --fix');
  });

  test('finds a clang that has only a number in its name', async () => {
    const folder = await searchPath({ 'clang-14': 'clang', 'clang++-14': 'clang++' });
    const found = await findToolchain({ ...system, env: { PATH: folder } });
    expect(found.compiler.path).toBe(path.join(folder, 'clang-14'));
    expect(found.cxx).toBe(path.join(folder, 'clang++-14'));
  });

  test('passes over one that is too old, and over one that does not run', async () => {
    const folder = await searchPath({ 'clang-14': 'clang' });
    await script(folder, 'clang', 'echo "clang version 11.0.1-2"');
    await script(folder, 'clang-99', 'exit 1');
    const found = await findToolchain({ ...system, env: { PATH: folder } });
    expect(found.compiler.path).toBe(path.join(folder, 'clang-14'));
  });

  test('that finds only an old one ends with HM205, which quotes it', async () => {
    const folder = await searchPath({});
    await script(folder, 'clang', 'echo "Debian clang version 11.0.1-2"');
    const error = await thrown(findToolchain({ ...system, env: { PATH: folder } }));
    expect(error).toMatchObject({ code: 'HM205', exitCode: 3 });
    expect(error.message).toContain('Debian clang version 11.0.1-2');
    expect(error.message).toContain('clang 14');
  });

  test('that was told a name that does not exist ends with HM204, which quotes it', async () => {
    const error = await thrown(findToolchain({ ...system, compiler: 'clang-of-mine' }));
    expect(error).toMatchObject({ code: 'HM204', exitCode: 3 });
    expect(error.message).toContain('clang-of-mine');
    expect(error.hint).toContain('build.compiler');
  });

  test('is made again when the program on disk becomes another', async () => {
    const folder = await searchPath({});
    const clang = await which('clang', process.env.PATH ?? '');
    await script(folder, 'clang', `exec ${clang} "$@"`);
    const before = await findToolchain({ ...system, env: { PATH: folder } });
    await script(folder, 'clang', `: another\nexec ${clang} "$@"`);
    const after = await findToolchain({ ...system, env: { PATH: folder } });
    expect(after.identity).not.toBe(before.identity);
  });
});

test('without any linker that the compiler takes, the search ends with HM206', async () => {
  const none = { ...target, linkers: [] };
  expect(await thrown(findToolchain({ ...system, target: none }))).toMatchObject({ code: 'HM206', exitCode: 3 });
  const error = await thrown(findToolchain({ ...system, linker: '/nowhere/ld.mold' }));
  expect(error.code).toBe('HM206');
  expect(error.message).toContain('/nowhere/ld.mold');
});

test.each([
  ['Debian clang version 14.0.6', 'clang', 14],
  ['Ubuntu clang version 18.1.3 (1ubuntu1)', 'clang', 18],
  ['Apple clang version 15.0.0 (clang-1500.3.9.4)', 'apple-clang', 15],
  ['gcc (Debian 12.2.0-14+deb12u1) 12.2.0', 'gcc', 12],
  ['gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0', 'gcc', 13],
])('"%s" is recognized', (text, kind, version) => {
  expect(recognize(text)).toEqual({ kind, version });
});

test('what names no compiler is not taken for one', () => {
  expect(recognize('tcc version 0.9.27')).toBeNull();
  expect(recognize('')).toBeNull();
});

describe('another machine', () => {
  const arm64 = targets({ platform: 'linux', arch: 'x64' }).get('linux-arm64') ?? nativeTarget();
  const find = (request: Partial<ToolchainRequest>) =>
    findToolchain({ compiler: null, linker: null, target: arm64, env: process.env, ...request });

  test('is linked for by lld, which links for all of them', async () => {
    expect((await find({})).linker.name).toBe('lld');
  });

  testWith('gcc')('is nothing that a gcc builds for', async () => {
    expect(await thrown(find({ compiler: 'gcc' }))).toMatchObject({ code: 'HM215', exitCode: 3 });
  });

  test('with a processor that the compiler has not heard of is refused in its own words', async () => {
    const error = await thrown(find({ target: cpuTarget(arm64, { name: 'apple-m99', features: [] }) }));
    expect(error).toMatchObject({ code: 'HM216', exitCode: 3 });
    expect(error.message).toContain('apple-m99');
    const known = find({ target: cpuTarget(arm64, { name: 'neoverse-n1', features: ['sve'] }) });
    expect((await known).compiler.kind).toMatch(/clang/);
  });
});
