import type { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import { machOSize } from './macho-constants.js';
import type { MachORelocation, MachOSection, MachOSymbol } from './macho-types.js';

/** What relocations refer to. */
export interface RelocationTargets {
  readonly sections: readonly MachOSection[];
  readonly symbols: readonly MachOSymbol[];
}

/** `relocation_info` of one section (`mach-o/reloc.h`). The scattered form, of 32-bit files, is refused. */
export function readMachORelocations(
  reader: ByteReader,
  section: MachOSection,
  targets: RelocationTargets,
): readonly MachORelocation[] {
  const { offset, count } = section.relocationTable;
  reader.need(offset, count * machOSize.relocation, `the relocations of ${section.name}`);
  return Array.from({ length: count }, (_, index) =>
    readRelocation(reader, offset + index * machOSize.relocation, section, targets),
  );
}

/** From the lowest bit: symbol or section 24, relative to the program counter 1, length 2, external 1, type 4. */
function readRelocation(
  reader: ByteReader,
  at: number,
  section: MachOSection,
  targets: RelocationTargets,
): MachORelocation {
  const [offset, packed] = [reader.u32(at), reader.u32(at + 4)];
  if (offset >= 2 ** 31) throw new ObjectFileError('corrupt', `${section.name} has a scattered relocation`);
  const number = packed & 0xffffff;
  return {
    offset,
    type: packed >>> 28,
    pcRelative: ((packed >>> 24) & 1) !== 0,
    size: 1 << ((packed >>> 25) & 3),
    target: targetOf(number, ((packed >>> 27) & 1) !== 0, section, targets),
  };
}

/** Section 0 (`R_ABS`) is none: an absolute value. */
function targetOf(
  number: number,
  external: boolean,
  section: MachOSection,
  { sections, symbols }: RelocationTargets,
): MachORelocation['target'] {
  if (!external && number === 0) return { kind: 'section', section: null };
  if (external) {
    const symbol = symbols[number];
    if (symbol !== undefined) return { kind: 'symbol', symbol };
  } else {
    const found = sections[number - 1];
    if (found !== undefined) return { kind: 'section', section: found };
  }
  const what = external ? 'symbol' : 'section';
  throw new ObjectFileError('corrupt', `a relocation of ${section.name} names ${what} ${number}, which does not exist`);
}
