import type { ByteReader } from './bytes.js';
import type { SymbolTablePlace } from './macho-commands.js';
import { machOSize } from './macho-constants.js';
import type { MachOSymbol, MachOSymbolKind } from './macho-types.js';
import { stringTable } from './strings.js';

/** Bits of `n_type` (`mach-o/nlist.h`). */
const bits = { stab: 0xe0, privateExternal: 0x10, type: 0x0e, external: 0x01 } as const;

const kinds: ReadonlyMap<number, MachOSymbolKind> = new Map([
  [0x0, 'undefined'],
  [0x2, 'absolute'],
  [0xa, 'indirect'],
  [0xe, 'section'],
]);

/** The entries of `LC_SYMTAB`, stabs among them, in the order that relocations count in. */
export function readMachOSymbols(reader: ByteReader, place: SymbolTablePlace): readonly MachOSymbol[] {
  reader.need(place.offset, place.count * machOSize.symbol, 'the symbol table');
  const names = stringTable(reader.slice(place.stringsOffset, place.stringsSize, 'the string table'));
  return Array.from({ length: place.count }, (_, index) => {
    const at = place.offset + index * machOSize.symbol;
    const name = reader.u32(at);
    const type = reader.u8(at + 4);
    const stab = (type & bits.stab) === 0 ? 0 : type;
    return {
      index,
      // Offset 0 stands for no name, whatever the table holds there.
      name: name === 0 ? '' : names.at(name),
      kind: stab === 0 ? (kinds.get(type & bits.type) ?? 'other') : 'debug',
      stab,
      external: stab === 0 && (type & bits.external) !== 0,
      privateExternal: stab === 0 && (type & bits.privateExternal) !== 0,
      section: reader.u8(at + 5),
      description: reader.u16(at + 6),
      value: reader.u64(at + 8),
    };
  });
}
