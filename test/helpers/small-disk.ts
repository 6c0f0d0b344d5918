import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);

/** A small file system of its own at `path`; null where this user may not mount one. */
export async function smallDisk(path: string, options: string): Promise<AsyncDisposable | null> {
  await mkdir(path, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  } catch {
    return null;
  }
  return {
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', path]);
    },
  };
}

/** Makes a folder read-only for root too, by mounting it over itself; what is open already stays writable. */
export async function coverReadOnly(path: string): Promise<AsyncDisposable | null> {
  try {
    await run('mount', ['--bind', path, path]);
  } catch {
    return null;
  }
  const cover = { [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', path])) };
  await run('mount', ['-o', 'remount,bind,ro', path]);
  return cover;
}

/** Writes until the disk takes no more. */
export async function fill(file: string): Promise<void> {
  const block = Buffer.alloc(4096, 1);
  await expect(
    (async () => {
      for (;;) await writeFile(file, block, { flag: 'a' });
    })(),
  ).rejects.toMatchObject({ code: 'ENOSPC' });
}
