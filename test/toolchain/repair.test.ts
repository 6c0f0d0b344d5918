import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageManagers } from '../../src/toolchain/package-managers.js';
import { planRepair, showCommand } from '../../src/toolchain/repair.js';
import { tempProject } from '../helpers/temp-project.js';

async function machineWith(...programs: readonly string[]): Promise<string> {
  const folder = await tempProject();
  for (const program of programs) {
    await writeFile(path.join(folder, program), '#!/bin/sh\n');
    await chmod(path.join(folder, program), 0o755);
  }
  return folder;
}

const shown = async (program: string, request: { isRoot: boolean; unattended: boolean }) => {
  const searchPath = await machineWith(program, 'sudo');
  const plan = await planRepair({ needs: ['clang', 'linker'], searchPath, ...request });
  return plan.map(({ argv }) => showCommand(argv));
};

test('on Debian as root: refresh the lists, install, then what is optional', async () => {
  expect(await shown('apt-get', { isRoot: true, unattended: true })).toEqual([
    'env DEBIAN_FRONTEND=noninteractive apt-get update',
    'env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 clang lld',
    'env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 mold',
  ]);
});

test('as a user it goes through sudo, which must not ask where nobody answers', async () => {
  expect((await shown('dnf', { isRoot: false, unattended: false }))[0]).toBe('sudo dnf install -y clang lld');
  expect((await shown('dnf', { isRoot: false, unattended: true }))[0]).toBe('sudo -n dnf install -y clang lld');
});

test('a user without sudo gets the commands as root would type them, marked as such', async () => {
  const searchPath = await machineWith('dnf');
  const plan = await planRepair({ needs: ['clang'], searchPath, isRoot: false, unattended: false });
  expect(plan).toEqual([{ argv: ['dnf', 'install', '-y', 'clang'], optional: false, rootOnly: true }]);
});

test('Homebrew refuses root and gets no sudo', async () => {
  expect(await shown('brew', { isRoot: false, unattended: false })).toEqual(['brew install llvm lld']);
});

test('every package manager can bring everything', async () => {
  for (const manager of packageManagers) {
    for (const packages of Object.values(manager.packages)) expect(packages.length).toBeGreaterThan(0);
    expect(manager.install[0]).toBe(manager.program);
    expect(await shown(manager.program, { isRoot: true, unattended: true })).not.toEqual([]);
  }
});

test('a machine without a known package manager gets no plan, nor does one that lacks nothing', async () => {
  const searchPath = await tempProject();
  expect(await planRepair({ needs: ['clang'], searchPath, isRoot: true, unattended: true })).toEqual([]);
  const debian = await machineWith('apt-get');
  expect(await planRepair({ needs: [], searchPath: debian, isRoot: true, unattended: true })).toEqual([]);
});

test('a command is shown as a shell would take it', () => {
  expect(showCommand(['echo', "it's", 'a b', '--x=1'])).toBe("echo 'it'\\''s' 'a b' --x=1");
});
