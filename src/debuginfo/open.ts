import { readElf } from '../objfile/elf.js';
import { isMachO } from '../objfile/macho.js';
import type { MachOMachine } from '../objfile/macho-types.js';
import { elfSections } from './elf-sections.js';
import { DebugInfoError } from './errors.js';
import { openMachO } from './macho-sections.js';
import type { DebugSections } from './sections.js';

export interface OpenOptions {
  /**
   * Bytes of a file that lies beside the one that is read, or in the system's folder for such; null where there is none.
   * The name is that of `.gnu_debuglink`, `.build-id/ab/cdef.debug` under a folder of debug files,
   * `lib.dylib.dSYM/Contents/Resources/DWARF/lib.dylib`, or the absolute path of an object file that a Mach-O library was
   * linked from. `modified` is when such a file was written, in seconds since 1970; 0 where that does not matter.
   */
  readonly beside?: (name: string, modified: number) => Uint8Array | null;
  /** Which part of a universal Mach-O file is read; else the only one there is, else that of `hostMachine`. */
  readonly machine?: MachOMachine;
}

/**
 * The debug sections of an ELF or Mach-O file, of the file that its debug information was moved to, or of the object files
 * that a Mach-O library was linked from.
 *
 * @throws DebugInfoError: `none` where it has none, `unsupported` where it lies somewhere that is not read, which the
 * message names, `damaged`. ObjectFileError where the file itself cannot be read.
 */
export function openAllSections(bytes: Uint8Array, options: OpenOptions = {}): readonly DebugSections[] {
  return isMachO(bytes) ? openMachO(bytes, options) : [elfSections(readElf(bytes), options)];
}

/** The same, where they must all stand in one file. @throws as well DebugInfoError `unsupported` where they do not. */
export function openDebugSections(bytes: Uint8Array, options: OpenOptions = {}): DebugSections {
  const [first, ...others] = openAllSections(bytes, options);
  if (first !== undefined && others.length === 0) return first;
  throw new DebugInfoError('unsupported', 'its debug information stands in several object files');
}
