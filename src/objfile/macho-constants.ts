/** Numbers of the Mach-O format, by the names of Apple's headers `mach-o/loader.h`, `nlist.h`, `fat.h` and `mach/machine.h`. */

/** Sizes of the on-disk structures of 64-bit files. */
export const machOSize = {
  header: 32,
  segment: 72,
  section: 80,
  symbol: 16,
  relocation: 8,
  fatHeader: 8,
  fatArch: 20,
  fatArch64: 32,
} as const;

/** Read as little-endian 32-bit values from the start of the file. `fat` headers are always big-endian. */
export const machOMagic = {
  thin64: 0xfeedfacf,
  thin32: 0xfeedface,
  swapped64: 0xcffaedfe,
  swapped32: 0xcefaedfe,
  fat: 0xbebafeca,
  fat64: 0xbfbafeca,
} as const;

export const cpuType = { x86_64: 0x01000007, arm64: 0x0100000c } as const;

/** `LC_*`. */
export const lc = {
  symtab: 0x02,
  loadDylib: 0x0c,
  idDylib: 0x0d,
  segment64: 0x19,
  uuid: 0x1b,
  codeSignature: 0x1d,
  lazyLoadDylib: 0x20,
  dyldInfo: 0x22,
  versionMinMacos: 0x24,
  versionMinIos: 0x25,
  versionMinTvos: 0x2f,
  versionMinWatchos: 0x30,
  buildVersion: 0x32,
  loadWeakDylib: 0x80000018,
  rpath: 0x8000001c,
  reexportDylib: 0x8000001f,
  dyldInfoOnly: 0x80000022,
  loadUpwardDylib: 0x80000023,
  dyldExportsTrie: 0x80000033,
  dyldChainedFixups: 0x80000034,
} as const;

/** `S_ZEROFILL`, `S_GB_ZEROFILL` and `S_THREAD_LOCAL_ZEROFILL`: sections without bytes in the file. */
export const zeroFillTypes: ReadonlySet<number> = new Set([0x01, 0x0c, 0x12]);

/** `S_*`, the lowest byte of a section's flags: those that somebody here tells apart. */
export const sectionType = {
  nonLazyPointers: 0x06,
  lazyPointers: 0x07,
  initFunctions: 0x09,
  termFunctions: 0x0a,
  threadLocalRegular: 0x11,
  threadLocalZeroFill: 0x12,
  threadLocalVariables: 0x13,
  threadLocalPointers: 0x14,
  threadLocalInit: 0x15,
} as const;

/** `S_ATTR_PURE_INSTRUCTIONS` and `S_ATTR_SOME_INSTRUCTIONS`. */
export const instructionAttributes = 0x80000400;

/** `SG_READ_ONLY`: the loader takes the right to write away once it has filled the segment in. */
export const segmentReadOnly = 0x10;

/** Stabs that linkers leave for debuggers (`mach-o/stab.h`). */
export const stab = {
  globalVariable: 0x20,
  function: 0x24,
  staticVariable: 0x26,
  source: 0x64,
  objectFile: 0x66,
} as const;

/** `X86_64_RELOC_*` and `ARM64_RELOC_*`, by number, for messages and for the few that debug sections use. */
export const relocationNames: Readonly<Record<'x86_64' | 'arm64', readonly string[]>> = {
  x86_64: [
    'X86_64_RELOC_UNSIGNED',
    'X86_64_RELOC_SIGNED',
    'X86_64_RELOC_BRANCH',
    'X86_64_RELOC_GOT_LOAD',
    'X86_64_RELOC_GOT',
    'X86_64_RELOC_SUBTRACTOR',
    'X86_64_RELOC_SIGNED_1',
    'X86_64_RELOC_SIGNED_2',
    'X86_64_RELOC_SIGNED_4',
    'X86_64_RELOC_TLV',
  ],
  arm64: [
    'ARM64_RELOC_UNSIGNED',
    'ARM64_RELOC_SUBTRACTOR',
    'ARM64_RELOC_BRANCH26',
    'ARM64_RELOC_PAGE21',
    'ARM64_RELOC_PAGEOFF12',
    'ARM64_RELOC_GOT_LOAD_PAGE21',
    'ARM64_RELOC_GOT_LOAD_PAGEOFF12',
    'ARM64_RELOC_POINTER_TO_GOT',
    'ARM64_RELOC_TLVP_LOAD_PAGE21',
    'ARM64_RELOC_TLVP_LOAD_PAGEOFF12',
    'ARM64_RELOC_ADDEND',
    'ARM64_RELOC_AUTHENTICATED_POINTER',
  ],
};
