import { readDwarf } from './dwarf.js';
import { openAllSections } from './open.js';
import type { OpenOptions } from './open-options.js';
import type { DebugInfo } from './types.js';

export interface ReadOptions extends OpenOptions {
  /** Earlier readings of like files, such as the build before: what is the same here is not read again. */
  readonly known?: readonly DebugInfo[];
}

/**
 * Reads the types, variables and functions of a library, object file or program from its debug information.
 *
 * @throws DebugInfoError where there is none, or it cannot be read; ObjectFileError where the file itself cannot.
 */
export function readDebugInfo(bytes: Uint8Array, options: ReadOptions = {}): DebugInfo {
  return readDwarf(openAllSections(bytes, options), options.known);
}
