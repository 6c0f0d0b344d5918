import type { ByteReader } from './bytes.js';
import { shf, sht, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { stringTable } from './strings.js';
import type { ElfHeader, ElfSection } from './types.js';

/** gABI chapter 4, "Section Header". Empty for files without sections. */
export function readSections(reader: ByteReader, header: ElfHeader): readonly ElfSection[] {
  const { offset, count } = header.sectionTable;
  if (offset === 0 || count === 0) return [];
  reader.need(offset, count * size.section, 'the section header table');

  const nameOffsets: number[] = [];
  const unnamed: ElfSection[] = [];
  for (let index = 0; index < count; index++) {
    const at = offset + index * size.section;
    nameOffsets.push(reader.u32(at));
    unnamed.push(readSection(reader, at, index));
  }
  return withNames(reader, header, unnamed, nameOffsets);
}

function readSection(reader: ByteReader, at: number, index: number): ElfSection {
  const flags = reader.u64(at + 8);
  return {
    index,
    name: '',
    type: reader.u32(at + 4),
    flags,
    writable: (flags & shf.write) !== 0,
    allocated: (flags & shf.alloc) !== 0,
    executable: (flags & shf.execinstr) !== 0,
    threadLocal: (flags & shf.tls) !== 0,
    compressed: (flags & shf.compressed) !== 0,
    addr: reader.u64(at + 16),
    offset: reader.u64(at + 24),
    size: reader.u64(at + 32),
    link: reader.u32(at + 40),
    info: reader.u32(at + 44),
    align: reader.u64(at + 48),
    entsize: reader.u64(at + 56),
  };
}

function withNames(
  reader: ByteReader,
  header: ElfHeader,
  sections: readonly ElfSection[],
  nameOffsets: readonly number[],
): readonly ElfSection[] {
  if (header.sectionNames === 0) return sections;
  const table = sections[header.sectionNames];
  if (table === undefined || table.type !== sht.strtab) {
    throw new ObjectFileError(
      'corrupt',
      `its section names should be in section ${header.sectionNames}, which has none`,
    );
  }
  const names = stringTable(sectionBytes(reader, table));
  return sections.map((section, i) => ({ ...section, name: names.at(nameOffsets[i] ?? 0) }));
}

/** A window on a section's bytes; empty where it has none in the file. */
export function sectionBytes(reader: ByteReader, section: ElfSection): Uint8Array {
  if (section.type === sht.nobits || section.type === sht.null) return new Uint8Array(0);
  return reader.slice(section.offset, section.size, `section ${section.name || section.index}`);
}
