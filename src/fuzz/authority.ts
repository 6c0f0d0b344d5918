import { readElf } from '../objfile/elf.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import type { ElfFile } from '../objfile/types.js';

/** Bytes of the constants in an object file, by the name of their symbol: what the compiler itself computed. */
export interface Authority {
  bytesOf(symbol: string): Uint8Array | null;
}

export function openAuthority(bytes: Uint8Array): Authority {
  return isMachO(bytes) ? openMachO(bytes) : openElf(bytes);
}

function openElf(bytes: Uint8Array): Authority {
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

/** Symbols of Mach-O have no size: each reaches to the next one of its section. */
function openMachO(bytes: Uint8Array): Authority {
  const file = readMachO(bytes);
  const symbols = (file.symbols ?? []).filter((one) => one.kind === 'section');
  return {
    bytesOf(name) {
      const symbol = symbols.find((one) => one.name === `_${name}`);
      const section = file.sections.find((one) => one.index === symbol?.section);
      if (symbol === undefined || section === undefined) return null;
      const ends = symbols
        .filter((one) => one.section === symbol.section && one.value > symbol.value)
        .map((one) => one.value);
      const end = Math.min(section.addr + section.size, ...ends);
      if (section.zeroFill) return new Uint8Array(end - symbol.value);
      return file.sectionData(section).subarray(symbol.value - section.addr, end - section.addr);
    },
  };
}
