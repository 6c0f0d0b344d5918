import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '../errors.js';

/** The bytes of the file, or a sentence that says why there are none. */
export type ReadLibrary =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string };

/** Opens without waiting, so that a named pipe in the library's place is named instead of waited for. */
export async function readLibrary(path: string): Promise<ReadLibrary> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) return { ok: false, message: `${path} is ${stat.isDirectory() ? 'a folder' : 'not a file'}` };
    return { ok: true, bytes: await handle.readFile() };
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${messageOf(error)}` };
  }
}
