/**
 * The debug sections of an object file, whatever its container: named as in ELF (`debug_info`), inflated, and with
 * relocations applied where the file is relocatable.
 */
export interface DebugSections {
  readonly format: 'elf' | 'mach-o';
  readonly pointerSize: 4 | 8;
  readonly littleEndian: boolean;
  /** Addresses are offsets into sections, and `sectionAt` says which. */
  readonly relocatable: boolean;
  /** Names without a leading dot or underscores: `debug_info`, `debug_abbrev`, `debug_str_offsets`. Empty where it is not there. */
  section(name: DebugSectionName): Uint8Array;
  /**
   * Index of the section that the relocated word at `offset` of a debug section refers to; null where nothing was
   * relocated there. Only relocatable files have any.
   */
  sectionAt(name: DebugSectionName, offset: number): number | null;
}

export type DebugSectionName =
  | 'debug_info'
  | 'debug_abbrev'
  | 'debug_str'
  | 'debug_line'
  | 'debug_line_str'
  | 'debug_str_offsets'
  | 'debug_addr'
  | 'debug_types'
  | 'debug_rnglists'
  | 'debug_ranges'
  | 'debug_loc'
  | 'debug_loclists';
