import { ByteReader } from './bytes.js';
import { sht } from './constants.js';
import { readDynamic } from './dynamic.js';
import { readDynamicSymbols } from './dynamic-symbols.js';
import { readHeader } from './header.js';
import { readRelocations } from './relocations.js';
import { readSections, sectionBytes } from './sections.js';
import { fileOffset, readSegments } from './segments.js';
import { type StringTable, stringTable } from './strings.js';
import { readStaticSymbols } from './symbols.js';
import type { ElfFile, ElfSection, ElfSymbol } from './types.js';

/**
 * Reads a 64-bit little-endian ELF file for x86-64 or AArch64 (gABI chapters 4 and 5). The header and the two tables
 * it points to are read at once, everything else when first asked for, so damage further in shows then; `checkWhole`
 * looks at all of it. The bytes are not copied and must not change while the result is in use.
 *
 * @throws ObjectFileError, and nothing else, whatever the bytes are; later property reads may throw it too.
 */
export function readElf(bytes: Uint8Array): ElfFile {
  const reader = new ByteReader(bytes);
  const header = readHeader(reader);
  const sections = readSections(reader, header);
  const segments = readSegments(reader, header);

  const dynamic = lazy(() => readDynamic(reader, segments));
  const dynamicSymbols = lazy(() => readDynamicSymbols(reader, dynamic(), sections, segments));
  const symbols = lazy(() => readStaticSymbols(reader, sections));
  const relocations = lazy(() =>
    readRelocations(reader, sections, (table): readonly ElfSymbol[] => {
      if (table.type === sht.dynsym) return dynamicSymbols();
      return table.type === sht.symtab ? (symbols() ?? []) : [];
    }),
  );
  const strings = new Map<number, StringTable>();

  return {
    bytes,
    header,
    sections,
    segments,
    get dynamic() {
      return dynamic();
    },
    get dynamicSymbols() {
      return dynamicSymbols();
    },
    get symbols() {
      return symbols();
    },
    get relocations() {
      return relocations();
    },
    section: (name) => sections.find((section) => section.name === name),
    sectionData: (section) => sectionBytes(reader, section),
    sectionStrings(section: ElfSection) {
      const table = strings.get(section.index) ?? stringTable(sectionBytes(reader, section));
      strings.set(section.index, table);
      return table;
    },
    dataAt(address, size) {
      const offset = fileOffset(segments, address, size);
      return offset === undefined ? undefined : reader.slice(offset, size, `${size} bytes at address ${address}`);
    },
  };
}

/** Runs once, when first asked; a failure is not kept, so asking again fails the same way. */
function lazy<T>(read: () => T): () => T {
  let kept: { readonly value: T } | undefined;
  return () => {
    kept ??= { value: read() };
    return kept.value;
  };
}
