import { type Abbreviation, fixedLength, skipVariable } from './abbreviations.js';
import { at, form } from './constants.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { DebugSections } from './sections.js';
import type { Unit } from './units.js';

/** What entries of one unit need to be read. The bases stand in the unit's first entry. */
export interface UnitReader {
  readonly unit: Unit;
  readonly sections: DebugSections;
  /** Of the unit's part of `.debug_str_offsets` and `.debug_addr`. */
  stringBase: number;
  addressBase: number;
}

/** One debugging information entry, its values found but not decoded (DWARF 5, chapter 2). */
export class Entry {
  readonly reader: UnitReader;
  readonly offset: number;
  readonly abbreviation: Abbreviation;
  /** Byte after its attributes: its first child where it has any, the next entry otherwise. */
  readonly next: number;
  readonly #places: readonly number[];

  constructor(reader: UnitReader, offset: number, cursor: Cursor) {
    cursor.at = offset;
    const code = cursor.uleb();
    const abbreviation = reader.unit.abbreviations[code];
    if (abbreviation === undefined) throw new DebugInfoError('damaged', `an entry has the unknown code ${code}`);
    const places: number[] = [];
    for (const kind of abbreviation.forms) {
      places.push(cursor.at);
      const length = fixedLength(kind, reader.unit);
      if (length === null) skipVariable(cursor, kind, reader.unit);
      else cursor.take(length);
    }
    if (cursor.at > reader.unit.end) throw new DebugInfoError('damaged', 'an entry reaches beyond its unit');
    this.reader = reader;
    this.offset = offset;
    this.abbreviation = abbreviation;
    this.next = cursor.at;
    this.#places = places;
  }

  get tag(): number {
    return this.abbreviation.tag;
  }

  has(attribute: number): boolean {
    return this.abbreviation.attributes.includes(attribute);
  }

  flag(attribute: number): boolean {
    const found = this.#find(attribute);
    if (found === null) return false;
    if (found.kind === form.flagPresent) return true;
    return this.#cursor(found).u8() !== 0;
  }

  /** A constant as a number; null where the attribute is not there or is no constant (an expression, a reference). */
  number(attribute: number): number | null {
    const value = this.big(attribute);
    return value === null ? null : Number(value);
  }

  /**
   * The same with all its bits. The data forms do not say whether they are signed; `signedSize` takes 1 to 8 byte forms
   * as signed where it is true.
   */
  big(attribute: number, signed = false): bigint | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found);
    switch (found.kind) {
      case form.implicitConst:
        return this.abbreviation.implicit[found.index] ?? 0n;
      case form.sdata:
        return cursor.sleb();
      case form.udata:
        return BigInt(cursor.uleb());
      case form.data1:
      case form.flag:
        return sized(BigInt(cursor.u8()), 8, signed);
      case form.data2:
        return sized(BigInt(cursor.u16()), 16, signed);
      case form.data4:
      case form.secOffset:
        return sized(BigInt(cursor.u32()), 32, signed);
      case form.data8:
        return sized(cursor.big64(), 64, signed);
      case form.data16: {
        const [low, high] = [cursor.big64(), cursor.big64()];
        return sized(low | (high << 64n), 128, signed);
      }
      default:
        return null;
    }
  }

  /** Offset into another section, such as `DW_AT_stmt_list`. */
  sectionOffset(attribute: number): number | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    if (found.kind === form.secOffset) return this.#cursor(found).unsigned(this.reader.unit.offset);
    return this.number(attribute);
  }

  string(attribute: number): string | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found);
    const { unit } = this.reader;
    switch (found.kind) {
      case form.string:
        return cursor.string();
      case form.strp:
        return this.#text('debug_str', cursor.unsigned(unit.offset));
      case form.lineStrp:
        return this.#text('debug_line_str', cursor.unsigned(unit.offset));
      case form.strx:
      case form.gnuStrIndex:
        return this.#indexedText(cursor.uleb());
      case form.strx1:
      case form.strx2:
      case form.strx3:
      case form.strx4:
        return this.#indexedText(cursor.unsigned(found.kind - form.strx1 + 1));
      case form.strpSup:
      case form.gnuStrpAlt:
        throw new DebugInfoError('unsupported', 'its strings stand in a supplementary file (dwz)');
      default:
        return null;
    }
  }

  /** Address and, in relocatable files, the section it counts from. */
  address(attribute: number): { readonly address: number; readonly section: number | null } | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found);
    switch (found.kind) {
      case form.addr:
        return readAddress(this.reader, this.reader.unit.section, found.place);
      case form.addrx:
      case form.gnuAddrIndex:
        return indexedAddress(this.reader, cursor.uleb());
      case form.addrx1:
      case form.addrx2:
      case form.addrx3:
      case form.addrx4:
        return indexedAddress(this.reader, cursor.unsigned(found.kind - form.addrx1 + 1));
      default:
        return null;
    }
  }

  /** The entry that is referred to, as its place in the whole of the debug information; null without one. */
  reference(attribute: number): Reference | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const { unit } = this.reader;
    const cursor = this.#cursor(found);
    const inUnit = (offset: number): Reference => ({ section: unit.section, offset: unit.start + offset });
    switch (found.kind) {
      case form.ref1:
        return inUnit(cursor.u8());
      case form.ref2:
        return inUnit(cursor.u16());
      case form.ref4:
        return inUnit(cursor.u32());
      case form.ref8:
        return inUnit(cursor.u64());
      case form.refUdata:
        return inUnit(cursor.uleb());
      case form.refAddr:
        return {
          section: 'debug_info',
          offset: cursor.unsigned(unit.version <= 2 ? unit.address : unit.offset),
        };
      case form.refSig8:
        return { signature: cursor.big64() };
      case form.refSup4:
      case form.refSup8:
      case form.gnuRefAlt:
        throw new DebugInfoError('unsupported', 'its types stand in a supplementary file (dwz)');
      default:
        return null;
    }
  }

  /** Bytes of an expression or block, and where they stand in the section; null where it is neither. */
  block(attribute: number): { readonly bytes: Uint8Array; readonly place: number } | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found);
    const size = blockSize(cursor, found.kind);
    if (size === null) return null;
    const place = cursor.at;
    return { bytes: cursor.block(size), place };
  }

  #find(attribute: number): Found | null {
    const index = this.abbreviation.attributes.indexOf(attribute);
    if (index < 0) return null;
    const place = this.#places[index] ?? 0;
    const kind = this.abbreviation.forms[index] ?? 0;
    if (kind !== form.indirect) return { index, kind, place };
    const cursor = this.#cursor({ index, kind, place });
    const real = cursor.uleb();
    return { index, kind: real, place: cursor.at };
  }

  #cursor(found: Found): Cursor {
    const { unit, sections } = this.reader;
    return new Cursor(sections.section(unit.section), sections.littleEndian, found.place);
  }

  #text(section: 'debug_str' | 'debug_line_str', offset: number): string {
    const { sections } = this.reader;
    return new Cursor(sections.section(section), sections.littleEndian, offset).string();
  }

  /** DWARF 5, section 7.26. */
  #indexedText(index: number): string {
    const { sections, unit, stringBase } = this.reader;
    const cursor = new Cursor(sections.section('debug_str_offsets'), sections.littleEndian);
    cursor.at = stringBase + index * unit.offset;
    return this.#text('debug_str', cursor.unsigned(unit.offset));
  }
}

export type Reference = { readonly section: Unit['section']; readonly offset: number } | { readonly signature: bigint };

interface Found {
  readonly index: number;
  readonly kind: number;
  readonly place: number;
}

/** DWARF 5, section 7.27. */
export function indexedAddress(reader: UnitReader, index: number): ReturnType<typeof readAddress> {
  return readAddress(reader, 'debug_addr', reader.addressBase + index * reader.unit.address);
}

export function readAddress(
  { sections, unit }: UnitReader,
  section: 'debug_info' | 'debug_types' | 'debug_addr',
  place: number,
): { readonly address: number; readonly section: number | null } {
  const cursor = new Cursor(sections.section(section), sections.littleEndian, place);
  return { address: cursor.unsigned(unit.address), section: sections.sectionAt(section, place) };
}

function blockSize(cursor: Cursor, kind: number): number | null {
  switch (kind) {
    case form.block:
    case form.exprloc:
      return cursor.uleb();
    case form.block1:
      return cursor.u8();
    case form.block2:
      return cursor.u16();
    case form.block4:
      return cursor.u32();
    default:
      return null;
  }
}

function sized(value: bigint, bits: number, signed: boolean): bigint {
  return signed ? BigInt.asIntN(bits, value) : value;
}

/** The attributes of a unit's first entry that say where its parts of other sections begin (DWARF 5, section 3.1.1). */
export function readBases(root: Entry): { readonly strings: number; readonly addresses: number } {
  // Without an attribute the part begins after the header of the section, if there is one (7.26, 7.27).
  const { version, offset } = root.reader.unit;
  const header = version >= 5 ? (offset === 8 ? 16 : 8) : 0;
  return {
    strings: root.sectionOffset(at.strOffsetsBase) ?? header,
    addresses: root.sectionOffset(at.addrBase) ?? root.sectionOffset(at.gnuAddrBase) ?? header,
  };
}
