import { readElf } from '../objfile/elf.js';
import { isMachO } from '../objfile/macho.js';
import { elfSections } from './elf-sections.js';
import { DebugInfoError } from './errors.js';
import { openMachO } from './macho-sections.js';
import type { OpenOptions } from './open-options.js';
import type { DebugSections } from './sections.js';

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
