/** `filetype` of the header (Apple, `mach-o/loader.h`). `dsym` is a companion file that holds only debug information. */
export type MachOType = 'object' | 'executable' | 'dylib' | 'bundle' | 'dsym' | 'other';

export type MachOMachine = 'x86_64' | 'arm64';

export interface MachOHeader {
  readonly type: MachOType;
  readonly machine: MachOMachine;
  /** Tells arm64e (2) from arm64 (0); the bits of its upper byte are left out. */
  readonly cpuSubtype: number;
  readonly flags: number;
}

/** `LC_SEGMENT_64`. Addresses, offsets and sizes are in bytes. */
export interface MachOSegment {
  /** '' for the one segment of an object file. */
  readonly name: string;
  readonly addr: number;
  readonly memorySize: number;
  readonly offset: number;
  readonly fileSize: number;
  /** The loader takes the right to write away once it has filled it in (`SG_READ_ONLY`: `__DATA_CONST`). */
  readonly readOnly: boolean;
  /** Of `initprot`. */
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** `section_64`. */
export interface MachOSection {
  /** Counted from 1 over all segments, as symbols and relocations count. */
  readonly index: number;
  /** At most 16 characters; longer names are cut off by whoever writes the file. */
  readonly name: string;
  /** The segment it belongs to in the end; in object files all sections stand in one unnamed segment. */
  readonly segment: string;
  /** In object files an address too, in a space of the file's own that begins at 0. */
  readonly addr: number;
  readonly size: number;
  readonly offset: number;
  /** Bytes, a power of two. */
  readonly align: number;
  /** `S_REGULAR` and so on, the lowest byte of `flags`. */
  readonly type: number;
  readonly attributes: number;
  /** It has no bytes in the file. */
  readonly zeroFill: boolean;
  readonly relocationTable: { readonly offset: number; readonly count: number };
}

export type MachOSymbolKind = 'undefined' | 'absolute' | 'section' | 'indirect' | 'debug' | 'other';

/** `nlist_64` (`mach-o/nlist.h`). */
export interface MachOSymbol {
  readonly index: number;
  /** As it stands in the file: C names begin with an underscore. */
  readonly name: string;
  /** `debug` for the stabs that tell a debugger about object files and sources. */
  readonly kind: MachOSymbolKind;
  /** The number of a stab (`mach-o/stab.h`); 0 for others. */
  readonly stab: number;
  readonly external: boolean;
  readonly privateExternal: boolean;
  /** Of the section it is in, counted from 1; 0 where it is in none. */
  readonly section: number;
  readonly description: number;
  readonly value: number;
}

/** `relocation_info` (`mach-o/reloc.h`). */
export interface MachORelocation {
  /** From the start of the section. */
  readonly offset: number;
  /** `X86_64_RELOC_*` or `ARM64_RELOC_*`. */
  readonly type: number;
  readonly pcRelative: boolean;
  /** Bytes that are written: 1, 2, 4 or 8. */
  readonly size: number;
  /** What it refers to: a symbol, or the address space of a section, which the place itself then names an address of. */
  readonly target:
    | { readonly kind: 'symbol'; readonly symbol: MachOSymbol }
    | { readonly kind: 'section'; readonly section: MachOSection | null };
}

/** `LC_BUILD_VERSION`, or the older `LC_VERSION_MIN_*`. */
export interface MachOBuildVersion {
  /** `macos`, `ios` and so on; `platform 42` for one that is not known by name. */
  readonly platform: string;
  /** `11.0` or `10.14.6`. */
  readonly minimum: string;
  readonly sdk: string;
}

/** A library as `LC_ID_DYLIB` and `LC_LOAD_DYLIB` name it. */
export interface MachODylib {
  /** Its install name, a path. */
  readonly name: string;
  readonly version: string;
  readonly compatibility: string;
  /** The file can be loaded without it. */
  readonly weak: boolean;
}

/** Bytes of the file; of size 0 where there are none. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** `LC_DYLD_INFO`: byte codes for the loader, and the trie of what the file exports. */
export interface DyldInfo {
  readonly rebase: FileRange;
  readonly bind: FileRange;
  readonly weakBind: FileRange;
  readonly lazyBind: FileRange;
  readonly exports: FileRange;
}

/** What the load commands say of `__LINKEDIT`; null where there is no such command. */
export interface LinkEdit {
  /** `LC_CODE_SIGNATURE`. */
  readonly codeSignature: FileRange | null;
  readonly dyldInfo: DyldInfo | null;
  /** `LC_DYLD_CHAINED_FIXUPS` and `LC_DYLD_EXPORTS_TRIE`, which newer linkers write in the place of `LC_DYLD_INFO`. */
  readonly chainedFixups: FileRange | null;
  readonly exportsTrie: FileRange | null;
}

export interface MachOFile extends LinkEdit {
  readonly bytes: Uint8Array;
  readonly header: MachOHeader;
  readonly segments: readonly MachOSegment[];
  readonly sections: readonly MachOSection[];
  /** 32 hexadecimal digits in capitals, in groups as `dwarfdump --uuid` prints them; null where there is none. */
  readonly uuid: string | null;
  readonly buildVersion: MachOBuildVersion | null;
  /** What a library calls itself; null for other files. */
  readonly id: MachODylib | null;
  /** Libraries it is linked to, in the order of the file. */
  readonly dylibs: readonly MachODylib[];
  /** `LC_RPATH`, `@loader_path` not replaced. */
  readonly rpaths: readonly string[];
  /** Null where the file has no symbol table. */
  readonly symbols: readonly MachOSymbol[] | null;
  section(segment: string, name: string): MachOSection | undefined;
  /** The bytes of a section as they stand in the file; none where it is filled with zeros. */
  sectionData(section: MachOSection): Uint8Array;
  /** In the order of the file, in which pairs of `SUBTRACTOR` and `UNSIGNED` stand together. */
  relocations(section: MachOSection): readonly MachORelocation[];
}

/** A word of the image that the loader fills in. */
export interface MachOFixup {
  readonly address: number;
  /** An address of the image itself, or a symbol of another one and a number to add; names as they stand in the file. */
  readonly target:
    | { readonly kind: 'address'; readonly address: number }
    | { readonly kind: 'symbol'; readonly name: string; readonly addend: number; readonly weak: boolean };
}
