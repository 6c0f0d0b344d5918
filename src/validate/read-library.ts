import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { messageOf } from '../errors.js';

/** The bytes of the file, or a sentence that says why there are none. */
export type ReadLibrary =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string };

/**
 * Opens without waiting, so that a named pipe in the library's place is named instead of waited for. In one go: the linker
 * has just written the file, and each step of an asynchronous reading takes longer than the reading.
 */
export function readLibrary(path: string): ReadLibrary {
  let file: number | null = null;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return { ok: false, message: `${path} is ${stat.isDirectory() ? 'a folder' : 'not a file'}` };
    return { ok: true, bytes: readFileSync(file) };
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${messageOf(error)}` };
  } finally {
    if (file !== null) closeSync(file);
  }
}
