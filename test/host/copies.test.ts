import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { engineSourceDir } from '../../src/host/paths.js';
import { tempDir } from '../helpers/temp-dir.js';

const run = promisify(execFile);
const driverSource = new URL('copies-driver.c', import.meta.url).pathname;

test('memory for frame copies is zero, nobody else writes to it, and what is given back is taken again', async () => {
  await using dir = await tempDir();
  const program = join(dir.path, 'copies');
  const checks = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-pthread', `-I${engineSourceDir}`];
  await run('clang', [...flags, ...checks, driverSource, join(engineSourceDir, 'copies.c'), '-o', program]);
  for (const seed of ['1', '2', '3']) {
    expect((await run(program, ['4000', seed], { env: { ASAN_OPTIONS: 'detect_leaks=0' } })).stdout).toBe('sound\n');
  }
});
