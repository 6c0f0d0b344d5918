import { execFileSync } from 'node:child_process';
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

it.each(['x86_64-linux-gnu', 'aarch64-linux-gnu', 'x86_64-apple-macos11', 'arm64-apple-macos11'])(
  'assembles for %s',
  async (triple) => {
    await using tools = await Toolbox.open();
    const object = join(tools.dir, 'kernel.o');
    execFileSync('clang', [`--target=${triple}`, '-Werror', '-c', join(weather, 'weather_kernel.S'), '-o', object]);
    const symbols = execFileSync('file', ['-b', object], { encoding: 'utf8' });
    expect(symbols).toMatch(triple.startsWith('x86') ? /x86.64/ : /aarch64|arm64/);
  },
);
