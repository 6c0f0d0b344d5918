import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { namesIn } from '../files/names-in.js';
import type { CopyPatch, StageRequest } from './host.js';

/** Makes the files that are loaded: private copies of libraries, with what has to be changed in them. */
export interface Copies {
  /** @throws Error of the file system. The path is nobody else's; its file may have another name, and is never written to. */
  make(request: StageRequest): string;
}

/** The ending of a copy that is left for the next start, beside its library. */
const readyEnding = '.load';

/**
 * A copy is a fresh inode, because the loader takes two names of one inode for one library, and because what is mapped must
 * never be written to. Where the file system can, it shares its blocks with the library.
 *
 * The copy that a module starts with is left for the next start, which then only looks whether it is still what it has to
 * be, and gives it another name: of a thousand modules nothing is made and nothing is removed but names. In one process an
 * inode is used once.
 *
 * @param dir of the process alone, and removed with it.
 */
export function createCopies(dir: string): Copies {
  let count = 0;
  const used = new Set<string>();

  return {
    make(request) {
      const { library, module, patches = [], startsWith = false } = request;
      count += 1;
      const name = `${count}-${module}${extname(library) || '.so'}`;
      const copy = join(dir, name.replaceAll('/', '_'));
      const ready = `${library}${readyEnding}`;
      const mayUse = startsWith && !used.has(ready);
      if (mayUse) {
        used.add(ready);
        if (isCopyOf(ready, library, patches) && wasDone(() => linkSync(ready, copy))) return copy;
      }
      copyFileSync(library, copy, constants.COPYFILE_FICLONE);
      patchFile(copy, patches);
      // Where it cannot be left, the next start makes one of its own.
      if (mayUse) wasDone(() => leaveReady(copy, ready));
      return copy;
    },
  };
}

/** Whatever happened to it since it was left, it is used only where each of its bytes is right. */
function isCopyOf(copy: string, library: string, patches: readonly CopyPatch[]): boolean {
  try {
    const found = readFileSync(copy);
    const wanted = readFileSync(library);
    for (const { offset, bytes } of patches) wanted.set(bytes, offset);
    return found.equals(wanted);
  } catch {
    return false;
  }
}

/** In the place of all that were left of other versions: a module starts with one. */
function leaveReady(copy: string, ready: string): void {
  const dir = dirname(ready);
  for (const name of namesIn(dir)) if (name.endsWith(readyEnding)) rmSync(join(dir, name), { force: true });
  linkSync(copy, ready);
}

function patchFile(file: string, patches: readonly CopyPatch[]): void {
  if (patches.length === 0) return;
  chmodSync(file, 0o700);
  const descriptor = openSync(file, 'r+');
  try {
    for (const { offset, bytes } of patches) writeSync(descriptor, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(descriptor);
  }
}

function wasDone(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
