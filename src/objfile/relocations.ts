import type { ByteReader } from './bytes.js';
import { sht, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import type { ElfRelocation, ElfSection, ElfSymbol } from './types.js';

/** gABI chapter 4, "Relocation": all `SHT_RELA` and `SHT_REL` sections in file order. `SHT_RELR` holds no symbols. */
export function readRelocations(
  reader: ByteReader,
  sections: readonly ElfSection[],
  symbolsOf: (table: ElfSection) => readonly ElfSymbol[],
): readonly ElfRelocation[] {
  const all: ElfRelocation[] = [];
  for (const section of sections) {
    if (section.type !== sht.rela && section.type !== sht.rel) continue;
    const entrySize = section.type === sht.rela ? size.rela : size.rel;
    if (section.entsize !== entrySize) {
      throw new ObjectFileError('corrupt', `its relocations in ${section.name} have a wrong entry size`);
    }
    reader.need(section.offset, section.size, `section ${section.name}`);
    const table = sections[section.link];
    const symbols = table === undefined ? [] : symbolsOf(table);
    for (let at = section.offset; at + entrySize <= section.offset + section.size; at += entrySize) {
      all.push(readRelocation(reader, at, section, symbols));
    }
  }
  return all;
}

/** `r_info` holds the symbol in its upper half and the type in its lower half. */
function readRelocation(
  reader: ByteReader,
  at: number,
  section: ElfSection,
  symbols: readonly ElfSymbol[],
): ElfRelocation {
  const index = reader.u32(at + 12);
  const symbol = index === 0 ? null : symbols[index];
  if (symbol === undefined) {
    throw new ObjectFileError('corrupt', `a relocation in ${section.name} names symbol ${index}, which does not exist`);
  }
  return {
    section: section.index,
    target: section.info,
    offset: reader.u64(at),
    type: reader.u32(at + 8),
    symbol,
    addend: section.type === sht.rela ? reader.i64(at + 16) : 0,
  };
}
