import type { MachOMachine } from '../objfile/macho-types.js';

/** What reading the debug information of a file may take beside the file. */
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
