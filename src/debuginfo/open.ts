import { readElf } from '../objfile/elf.js';
import { isMachO } from '../objfile/macho.js';
import type { MachOMachine } from '../objfile/macho-types.js';
import { elfSections } from './elf-sections.js';
import { openMachO } from './macho-sections.js';
import type { DebugSections } from './sections.js';

export interface OpenOptions {
  /**
   * Bytes of a file that lies beside the one that is read, or in the system's folder for such; null where there is none.
   * The name is that of `.gnu_debuglink`, `.build-id/ab/cdef.debug` under a folder of debug files, or
   * `lib.dylib.dSYM/Contents/Resources/DWARF/lib.dylib`.
   */
  readonly beside?: (name: string) => Uint8Array | null;
  /** Which part of a universal Mach-O file is read; else the only one there is, else that of `hostMachine`. */
  readonly machine?: MachOMachine;
}

/**
 * The debug sections of an ELF or Mach-O file, or of the file that its debug information was moved to.
 *
 * @throws DebugInfoError: `none` where it has none, `unsupported` where it lies somewhere that is not read, which the
 * message names, `damaged`. ObjectFileError where the file itself cannot be read.
 */
export function openDebugSections(bytes: Uint8Array, options: OpenOptions = {}): DebugSections {
  return isMachO(bytes) ? openMachO(bytes, options) : elfSections(readElf(bytes), options);
}
