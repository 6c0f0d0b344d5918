import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileHashes } from '../../src/build/hashes.js';
import { tempDir } from '../helpers/temp-dir.js';

test('writes of the same size in quick succession all have their own hash', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'a.c');
  const hashes = createFileHashes(Date.now);
  // On file systems whose clock ticks in milliseconds, most of these writes share one stamp.
  for (let n = 0; n < 200; n++) {
    writeFileSync(path, n % 2 === 0 ? 'aaaa' : 'bbbb');
    const hash = hashes.of(path)?.hash;
    writeFileSync(path, n % 2 === 0 ? 'bbbb' : 'aaaa');
    expect(hashes.of(path)?.hash).not.toBe(hash);
  }
});

test('a folder and a missing file have no hash', async () => {
  await using dir = await tempDir();
  const hashes = createFileHashes(Date.now);
  expect(hashes.of(dir.path)).toBeUndefined();
  expect(hashes.of(join(dir.path, 'missing'))).toBeUndefined();
});
