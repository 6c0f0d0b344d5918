/** Numbers of the ELF format, by the names of the gABI (chapters 4 and 5) and of the GNU extensions to it. */

/** Sizes of the on-disk structures of 64-bit files. */
export const size = { header: 64, section: 64, segment: 56, symbol: 24, rela: 24, rel: 16, dynamic: 16 } as const;

/** `sh_type` (gABI chapter 4, "Sections"). */
export const sht = {
  null: 0,
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  hash: 5,
  dynamic: 6,
  note: 7,
  nobits: 8,
  rel: 9,
  dynsym: 11,
  symtabShndx: 18,
  relr: 19,
} as const;

/** `sh_flags`. */
export const shf = { write: 1, alloc: 2, execinstr: 4, tls: 0x400, compressed: 0x800 } as const;

/** Special section indexes of symbols and of the header. */
export const shn = { undef: 0, loReserve: 0xff00, abs: 0xfff1, common: 0xfff2, xindex: 0xffff } as const;

/** `p_type` (gABI chapter 5, "Program Header"); the GNU ones from the Linux Standard Base. */
export const pt = { load: 1, dynamic: 2, interp: 3, note: 4, tls: 7, gnuRelro: 0x6474e552 } as const;

/** `d_tag` (gABI chapter 5, "Dynamic Section"); versions and GNU hash from the Linux Standard Base. */
export const dt = {
  null: 0,
  needed: 1,
  hash: 4,
  strtab: 5,
  symtab: 6,
  strsz: 10,
  init: 12,
  soname: 14,
  rpath: 15,
  initArray: 25,
  initArraySize: 27,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  versym: 0x6ffffff0,
  flags1: 0x6ffffffb,
  verdef: 0x6ffffffc,
  verdefnum: 0x6ffffffd,
  verneed: 0x6ffffffe,
  verneednum: 0x6fffffff,
} as const;

/** `DF_1_PIE` of `DT_FLAGS_1`: the file is a program, although its type is that of a shared object. */
export const df1Pie = 0x08000000;
