import type { ByteReader } from './bytes.js';
import { shn, sht, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { sectionBytes } from './sections.js';
import { type StringTable, stringTable } from './strings.js';
import type { ElfSection, ElfSymbol, SymbolBind, SymbolType, SymbolVisibility } from './types.js';

const binds: ReadonlyMap<number, SymbolBind> = new Map([
  [0, 'local'],
  [1, 'global'],
  [2, 'weak'],
  [10, 'unique'],
]);

const types: ReadonlyMap<number, SymbolType> = new Map([
  [0, 'none'],
  [1, 'object'],
  [2, 'function'],
  [3, 'section'],
  [4, 'file'],
  [5, 'common'],
  [6, 'tls'],
  [10, 'ifunc'],
]);

const visibilities: readonly SymbolVisibility[] = ['default', 'internal', 'hidden', 'protected'];

export interface SymbolTablePlace {
  readonly offset: number;
  readonly count: number;
  readonly strings: StringTable;
  /** The full section index of a symbol whose own field is too small for it. */
  readonly extendedIndex: (symbol: number) => number;
  readonly version: (symbol: number) => string | null;
}

/** gABI chapter 4, "Symbol Table". `count` must already be known to fit into the file. */
export function readSymbolTable(reader: ByteReader, place: SymbolTablePlace): readonly ElfSymbol[] {
  reader.need(place.offset, place.count * size.symbol, 'a symbol table');
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < place.count; index++) {
    const at = place.offset + index * size.symbol;
    const info = reader.u8(at + 4);
    const shortIndex = reader.u16(at + 6);
    const section = shortIndex === shn.xindex ? place.extendedIndex(index) : shortIndex;
    symbols.push({
      index,
      name: place.strings.at(reader.u32(at)),
      bind: binds.get(info >> 4) ?? 'other',
      type: types.get(info & 15) ?? 'other',
      visibility: visibilities[reader.u8(at + 5) & 3] ?? 'default',
      section,
      defined: section !== shn.undef,
      value: reader.u64(at + 8),
      size: reader.u64(at + 16),
      version: place.version(index),
    });
  }
  return symbols;
}

/** The table in a `SHT_SYMTAB` section; null where the file has none. */
export function readStaticSymbols(reader: ByteReader, sections: readonly ElfSection[]): readonly ElfSymbol[] | null {
  const table = sections.find((section) => section.type === sht.symtab);
  if (table === undefined) return null;
  const names = sections[table.link];
  if (names === undefined || names.type !== sht.strtab || table.entsize !== size.symbol) {
    throw new ObjectFileError('corrupt', `its symbol table ${table.name} has no string table or a wrong entry size`);
  }
  const extended = sections.find((section) => section.type === sht.symtabShndx && section.link === table.index);
  return readSymbolTable(reader, {
    offset: table.offset,
    count: Math.floor(table.size / size.symbol),
    strings: stringTable(sectionBytes(reader, names)),
    extendedIndex: (symbol) => (extended === undefined ? shn.xindex : reader.u32(extended.offset + symbol * 4)),
    version: () => null,
  });
}
