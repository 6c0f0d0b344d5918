import { readElf } from '../objfile/elf.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import type { ByteRange, Targets } from './damage.js';

/** Where debug information stands in an undamaged file, and the tables that lead there. */
export function findTargets(bytes: Uint8Array): Targets {
  return isMachO(bytes) ? machOTargets(bytes) : elfTargets(bytes);
}

/** Whether a file, damaged or not, still has debug information by its own tables, whatever that may say. */
export function holdsDebugInfo(bytes: Uint8Array): boolean {
  try {
    if (isMachO(bytes)) {
      return readMachO(bytes).sections.some((section) => section.name === '__debug_info' && section.size > 0);
    }
    const names = ['.debug_info', '.zdebug_info'];
    return readElf(bytes).sections.some((section) => names.includes(section.name) && section.size > 0);
  } catch {
    return false;
  }
}

function elfTargets(bytes: Uint8Array): Targets {
  const { sections, header } = readElf(bytes);
  const debug = sections.filter((section) => /^(\.rela)?\.z?debug_/.test(section.name));
  const headers = sections.map((section) => section.index).filter((index) => debug.some((one) => one.index === index));
  const headerSize = 64;
  return {
    sections: debug.map(range).filter(isFilled),
    tables: [
      { start: 0, end: headerSize },
      ...headers.map((index) => {
        const start = header.sectionTable.offset + index * headerSize;
        return { start, end: start + headerSize };
      }),
    ],
  };
}

function machOTargets(bytes: Uint8Array): Targets {
  const { sections } = readMachO(bytes);
  const debug = sections.filter((section) => section.segment === '__DWARF');
  const relocations = debug.map(({ relocationTable: { offset, count } }) => ({
    start: offset,
    end: offset + count * 8,
  }));
  const headerSize = 32;
  const commands = new DataView(bytes.buffer, bytes.byteOffset).getUint32(20, true);
  return {
    sections: [...debug.map(range), ...relocations].filter(isFilled),
    tables: [{ start: 0, end: headerSize + commands }],
  };
}

function range({ offset, size }: { readonly offset: number; readonly size: number }): ByteRange {
  return { start: offset, end: offset + size };
}

function isFilled({ start, end }: ByteRange): boolean {
  return end > start;
}
