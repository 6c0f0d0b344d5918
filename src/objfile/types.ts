import type { StringTable } from './strings.js';

/** `e_type` (gABI chapter 4, "ELF Header"). */
export type ElfType = 'relocatable' | 'executable' | 'shared' | 'core' | 'other';

export interface ElfHeader {
  readonly type: ElfType;
  /** `e_machine`. */
  readonly machine: number;
  readonly bits: 64;
  readonly entry: number;
  readonly flags: number;
  readonly sectionTable: TablePlace;
  readonly segmentTable: TablePlace;
  /** Index of the section that holds the sections' names; 0 where there is none. */
  readonly sectionNames: number;
}

/** `count` entries from byte `offset` of the file. */
interface TablePlace {
  readonly offset: number;
  readonly count: number;
}

/** gABI chapter 4, "Section Header". Addresses, offsets and sizes are in bytes. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** `sh_type`, see `sht`. */
  readonly type: number;
  readonly flags: number;
  readonly writable: boolean;
  readonly allocated: boolean;
  readonly executable: boolean;
  readonly threadLocal: boolean;
  readonly compressed: boolean;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entsize: number;
}

/** gABI chapter 5, "Program Header". */
export interface ElfSegment {
  /** `p_type`, see `pt`. */
  readonly type: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly offset: number;
  readonly addr: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

export interface ElfDynamicEntry {
  /** `d_tag`, see `dt`. */
  readonly tag: number;
  readonly value: number;
}

/** gABI chapter 5, "Dynamic Section", with its strings looked up. */
export interface ElfDynamic {
  readonly entries: readonly ElfDynamicEntry[];
  /** False where the table has no `DT_NULL`, which no linker leaves out. */
  readonly terminated: boolean;
  readonly strings: StringTable;
  readonly needed: readonly string[];
  readonly soname: string | null;
  /** Search paths as written, `$ORIGIN` not replaced; empty where there are none. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  /** The file says of itself that it is a program (`DF_1_PIE`). */
  readonly isProgram: boolean;
  /** The value of the first entry with this tag. */
  value(tag: number): number | undefined;
}

export type SymbolBind = 'local' | 'global' | 'weak' | 'unique' | 'other';
export type SymbolType = 'none' | 'object' | 'function' | 'section' | 'file' | 'common' | 'tls' | 'ifunc' | 'other';
export type SymbolVisibility = 'default' | 'internal' | 'hidden' | 'protected';

/** gABI chapter 4, "Symbol Table". */
export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly bind: SymbolBind;
  readonly type: SymbolType;
  readonly visibility: SymbolVisibility;
  /** Section index; 0 is undefined, see `shn` for the reserved ones. */
  readonly section: number;
  readonly defined: boolean;
  /** An address in linked files, an offset into the section in relocatable ones. */
  readonly value: number;
  readonly size: number;
  /** `GLIBC_2.34` and the like, needed or defined; null in files and tables without versions. */
  readonly version: string | null;
}

/** gABI chapter 4, "Relocation". */
export interface ElfRelocation {
  /** The relocation section this stands in, and the section it applies to (0 in linked files). */
  readonly section: number;
  readonly target: number;
  readonly offset: number;
  /** Machine-specific `R_*` number. */
  readonly type: number;
  /** Null for relocations without a symbol. */
  readonly symbol: ElfSymbol | null;
  /** 0 for the form without an explicit addend (`SHT_REL`); it then stands in the place itself. */
  readonly addend: number;
}

/** A file whose header and tables were read; the rest is read when first asked for, and kept. */
export interface ElfFile {
  readonly bytes: Uint8Array;
  readonly header: ElfHeader;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  /** Null in files without `PT_DYNAMIC`: relocatable files and static programs. */
  readonly dynamic: ElfDynamic | null;
  /** What the loader sees: exports and imports. */
  readonly dynamicSymbols: readonly ElfSymbol[];
  /** `.symtab`; null where the file was stripped of it. */
  readonly symbols: readonly ElfSymbol[] | null;
  readonly relocations: readonly ElfRelocation[];
  section(name: string): ElfSection | undefined;
  /** The bytes of a section as they stand in the file (compressed ones stay compressed); none for `SHT_NOBITS`. */
  sectionData(section: ElfSection): Uint8Array;
  /** The table of strings that a section holds. */
  sectionStrings(section: ElfSection): StringTable;
  /** Bytes at an address of the loaded image; undefined where the file does not hold them (`.bss`, outside). */
  dataAt(address: number, size: number): Uint8Array | undefined;
}
