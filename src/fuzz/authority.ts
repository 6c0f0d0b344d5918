import { readElf } from '../objfile/elf.js';
import type { ElfFile } from '../objfile/types.js';

/** Bytes of the constants in an object file, by the name of their symbol: what the compiler itself computed. */
export interface Authority {
  bytesOf(symbol: string): Uint8Array | null;
}

export function openAuthority(bytes: Uint8Array): Authority {
  const file = readElf(bytes);
  const symbols = new Map((file.symbols ?? []).filter((one) => one.defined).map((one) => [one.name, one]));
  return {
    bytesOf(name) {
      const symbol = symbols.get(name);
      return symbol === undefined ? null : dataOf(file, symbol.section, symbol.value, symbol.size);
    },
  };
}

function dataOf(file: ElfFile, index: number, start: number, size: number): Uint8Array | null {
  const section = file.sections[index];
  if (section === undefined) return null;
  // A constant of zeros may stand in .bss.
  const nobits = 8;
  return section.type === nobits ? new Uint8Array(size) : file.sectionData(section).subarray(start, start + size);
}
