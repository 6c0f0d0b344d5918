import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../../files/owner.js';

/** Written at each frame, so that a file on a disk would keep the disk busy. Linux has this one in memory. */
const inMemory = '/dev/shm';
const prefix = 'hotmod-';

/**
 * Where hosts keep the copies of variables for the one that takes over: a folder in memory where there is one, otherwise
 * the session's own. What sessions that were killed left there is removed.
 */
export async function chooseCopiesDir(runDir: string): Promise<string> {
  try {
    await access(inMemory, constants.W_OK | constants.X_OK);
  } catch {
    return runDir;
  }
  await removeLeftovers(inMemory);
  return inMemory;
}

/** A name that no other host has, and that tells whose it is. */
export function newCopiesFile(dir: string, pid: number = process.pid): string {
  return join(dir, `${prefix}${pid}-${randomBytes(6).toString('hex')}`);
}

async function removeLeftovers(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch((): string[] => [])) {
    const owner = /^hotmod-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    // Another user's cannot be removed, and is none of our business.
    if (owner !== undefined && !isAlive(Number(owner)))
      await rm(join(dir, name), { force: true }).catch(() => undefined);
  }
}
