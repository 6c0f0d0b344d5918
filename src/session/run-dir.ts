import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { notWritable } from '../files/not-writable.js';
import { isAlive } from '../files/owner.js';

/**
 * Makes the folder for what lives only as long as this process, and removes those of processes that are gone.
 * The folder's name is the process id, which tells the two apart.
 *
 * @throws HotmodError HM210 where it cannot be made.
 */
export async function claimRunDir(outDir: string, pid: number = process.pid): Promise<string> {
  const runs = join(outDir, 'run');
  const mine = join(runs, String(pid));
  try {
    await rm(mine, { recursive: true, force: true });
    await mkdir(mine, { recursive: true });
  } catch (error) {
    throw notWritable(runs, error);
  }
  for (const name of await readdir(runs)) {
    const other = Number(name.split('-')[0]);
    if (other !== pid && !isAlive(other)) await rm(join(runs, name), { recursive: true, force: true });
  }
  return mine;
}

/** Where running build commands are noted, so that the host can end them if this process is killed. */
export function groupsDirOf(runDir: string): string {
  return join(runDir, 'groups');
}
