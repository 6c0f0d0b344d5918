import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { finish, repository, Toolbox } from '../helpers/module-toolbox.js';

const weather = join(repository, 'modules/weather');

it('smooths every row as its C reference does, to the last bit, and writes nothing beyond it', async () => {
  await using tools = await Toolbox.open();
  const program = await tools.program(
    join(repository, 'test/modules/kernel.c'),
    `-I${weather}`,
    join(weather, 'weather_kernel.S'),
    join(weather, 'weather_kernel_reference.c'),
  );
  expect(await finish(program, [])).toEqual({ code: 0, stdout: '136\n', stderr: '' });
});

it.each([
  ['x86_64-linux-gnu', 62],
  ['aarch64-linux-gnu', 183],
  ['x86_64-apple-macos11', 0x01000007],
  ['arm64-apple-macos11', 0x0100000c],
])('assembles for %s', async (triple, expected) => {
  await using tools = await Toolbox.open();
  const object = join(tools.dir, 'kernel.o');
  execFileSync('clang', [`--target=${triple}`, '-Werror', '-c', join(weather, 'weather_kernel.S'), '-o', object]);
  const bytes = readFileSync(object);
  // The machine stands in e_machine of an ELF file and in cputype of a Mach-O file.
  const machine = triple.includes('linux') ? bytes.readUInt16LE(18) : bytes.readUInt32LE(4);
  expect(machine).toBe(expected);
});
