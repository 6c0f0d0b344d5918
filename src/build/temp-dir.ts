import { basename, join } from 'node:path';

/** Where builds keep what is half-made, in folders that are named by their process. */
export function tempFolder(outDir: string): string {
  return join(outDir, 'cache', 'tmp');
}

/** A folder in it for this process alone, which it makes and removes itself; `name` tells it from its others. */
export function ownTempDir(outDir: string, name: string): string {
  return join(tempFolder(outDir), `${process.pid}-${name}`);
}

/** The number of the process that a folder in it belongs to; NaN for none. */
export function ownerOf(path: string): number {
  return Number(basename(path).split('-')[0]);
}
