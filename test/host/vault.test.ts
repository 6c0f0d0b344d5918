import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { engineSourceDir } from '../../src/host/paths.js';
import { publicHeadersDir } from '../../src/paths.js';
import { tempDir } from '../helpers/temp-dir.js';

const run = promisify(execFile);
const driverSource = new URL('vault-driver.c', import.meta.url).pathname;

async function driver(dir: string): Promise<(...args: readonly string[]) => Promise<string>> {
  const program = join(dir, 'driver');
  const checks = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
  const includes = [`-I${engineSourceDir}`, `-I${publicHeadersDir}`];
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-pthread', ...includes];
  const sources = [driverSource, ...['vault.c', 'maps.c'].map((name) => join(engineSourceDir, name))];
  await run('clang', [...flags, ...checks, ...sources, '-o', program]);
  return async (...args) => (await run(program, [...args], { env: { ASAN_OPTIONS: 'detect_leaks=0' } })).stdout;
}

describe('memory for frame copies', () => {
  test('is zero, nobody else writes to it, and what is given back is taken again', async () => {
    await using dir = await tempDir();
    const drive = await driver(dir.path);
    for (const seed of ['1', '2', '3']) {
      expect(await drive('take', '4000', seed)).toBe('sound\n');
      expect(await drive('take', '4000', seed, join(dir.path, `file-${seed}`))).toBe('sound\n');
    }
  });

  test('always holds one whole frame boundary, at whatever instruction its process ends', async () => {
    await using dir = await tempDir();
    const said = await (await driver(dir.path))('die', '100', '7', join(dir.path, 'left'));
    expect(said).toBe('100 boundaries\n');
  });
});
