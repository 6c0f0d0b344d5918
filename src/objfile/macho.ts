import { ByteReader } from './bytes.js';
import { readLoadCommands } from './macho-commands.js';
import { machOMagic } from './macho-constants.js';
import { readMachOHeader } from './macho-header.js';
import { readMachORelocations } from './macho-relocations.js';
import { readMachOSymbols } from './macho-symbols.js';
import type { MachOFile, MachORelocation, MachOSymbol } from './macho-types.js';

/**
 * Reads a 64-bit little-endian Mach-O file for x86-64 or arm64 (Apple, `mach-o/loader.h`); a universal file is taken
 * apart by `machOSlices` first. Header and load commands are read at once, symbols and relocations when first asked
 * for. The bytes are not copied and must not change while the result is in use.
 *
 * @throws ObjectFileError, and nothing else, whatever the bytes are; later reads may throw it too.
 */
export function readMachO(bytes: Uint8Array): MachOFile {
  const reader = new ByteReader(bytes);
  const header = readMachOHeader(reader);
  const { symbolTable, ...commands } = readLoadCommands(reader);
  const { sections } = commands;
  let symbols: readonly MachOSymbol[] | null = null;
  const readSymbols = (): readonly MachOSymbol[] | null => {
    if (symbolTable === null) return null;
    symbols ??= readMachOSymbols(reader, symbolTable);
    return symbols;
  };
  const relocations = new Map<number, readonly MachORelocation[]>();

  return {
    bytes,
    header,
    ...commands,
    get symbols() {
      return readSymbols();
    },
    section: (segment, name) => sections.find((one) => one.segment === segment && one.name === name),
    sectionData: (section) =>
      section.zeroFill
        ? new Uint8Array(0)
        : reader.slice(section.offset, section.size, `section ${section.segment},${section.name}`),
    relocations(section) {
      const known = relocations.get(section.index);
      if (known !== undefined) return known;
      const read = readMachORelocations(reader, section, { sections, symbols: readSymbols() ?? [] });
      relocations.set(section.index, read);
      return read;
    },
  };
}

const magics: ReadonlySet<number> = new Set(Object.values(machOMagic));

/**
 * Whether the first bytes are those of any Mach-O file, universal and unreadable ones included. A Java class begins as
 * a universal file does; there the version of the class stands where the number of slices would, and that is at least 45.
 */
export function isMachO(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  const reader = new ByteReader(bytes);
  const magic = reader.u32(0);
  if (magic === machOMagic.fat && isJavaClass(bytes)) return false;
  return magics.has(magic);
}

function isJavaClass(bytes: Uint8Array): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) >= 45;
}
