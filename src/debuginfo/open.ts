import { readElf } from '../objfile/elf.js';
import { elfSections } from './elf-sections.js';
import type { DebugSections } from './sections.js';

export interface OpenOptions {
  /** Bytes of a file that lies beside the one that is read, or in the system's folder for such; null where there is none. */
  readonly beside?: (name: string) => Uint8Array | null;
}

/** The debug sections of a file. @throws DebugInfoError, ObjectFileError */
export function openDebugSections(bytes: Uint8Array, options: OpenOptions = {}): DebugSections {
  return elfSections(readElf(bytes), options);
}
