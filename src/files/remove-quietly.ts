import { rmSync } from 'node:fs';

/** Removes a file, or a folder with all that is in it, where that can be: nobody waits for it, or is left to be told. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}
