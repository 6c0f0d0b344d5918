import { readDwarf } from './dwarf.js';
import { openAllSections } from './open.js';
import type { OpenOptions } from './open-options.js';
import type { DebugInfo } from './types.js';

/**
 * Reads the types, variables and functions of a library, object file or program from its debug information.
 *
 * @throws DebugInfoError where there is none, or it cannot be read; ObjectFileError where the file itself cannot.
 */
export function readDebugInfo(bytes: Uint8Array, options: OpenOptions = {}): DebugInfo {
  return readDwarf(...openAllSections(bytes, options));
}
