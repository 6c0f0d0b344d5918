import { type Abbreviation, skipAttributes } from './abbreviations.js';
import { type Address, indexedAddress, readAddress } from './addresses.js';
import { at, form } from './constants.js';
import type { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import { blockSize, skipForm } from './forms.js';
import type { DebugSections } from './sections.js';
import type { UnitReader } from './unit-reader.js';

/**
 * One debugging information entry (DWARF 5, chapter 2). Making one reads no more than its code: a value is found and
 * decoded when it is asked for.
 */
export class Entry {
  readonly reader: UnitReader;
  /** From the start of the unit's header, as references within a unit count: the same wherever a linker puts the unit. */
  readonly offset: number;
  readonly abbreviation: Abbreviation;
  /** Of the first attribute, from the start of the unit. */
  readonly #start: number;

  constructor(reader: UnitReader, offset: number) {
    const { unit } = reader;
    const cursor = reader.cursors(unit.section, unit.start + offset);
    const code = cursor.uleb();
    const abbreviation = unit.abbreviations[code];
    if (abbreviation === undefined) throw new DebugInfoError('damaged', `an entry has the unknown code ${code}`);
    this.reader = reader;
    this.offset = offset;
    this.abbreviation = abbreviation;
    this.#start = cursor.at - unit.start;
  }

  /** Byte of the section after its attributes: its first child where it has any, the next entry otherwise. */
  get next(): number {
    const { unit } = this.reader;
    const cursor = this.reader.cursors(unit.section, unit.start + this.#start);
    skipAttributes(cursor, this.abbreviation, unit);
    if (cursor.at > unit.end) throw new DebugInfoError('damaged', 'an entry reaches beyond its unit');
    return cursor.at;
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
    if (found.kind === form.implicitConst) return this.number(attribute) !== 0;
    return this.#cursor(found.place).u8() !== 0;
  }

  /** A constant as a number; null where the attribute is not there or is no constant (an expression, a reference). */
  number(attribute: number): number | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    // The usual ones without the detour over a bigint.
    if (found.kind === form.data1) return this.#cursor(found.place).u8();
    if (found.kind === form.data2) return this.#cursor(found.place).u16();
    const value = this.big(attribute);
    return value === null ? null : Number(value);
  }

  /** The same with all its bits. The data forms (section 7.5.5, class constant) do not say whether they are signed. */
  big(attribute: number): bigint | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found.place);
    switch (found.kind) {
      case form.implicitConst:
        return this.abbreviation.implicit[found.index] ?? 0n;
      case form.sdata:
        return cursor.sleb();
      case form.udata:
        return cursor.bigUleb();
      case form.data1:
      case form.flag:
        return BigInt(cursor.u8());
      case form.data2:
        return BigInt(cursor.u16());
      case form.data4:
        return BigInt(cursor.u32());
      case form.secOffset:
        return BigInt(cursor.unsigned(this.reader.unit.offset));
      case form.data8:
        return cursor.big64();
      case form.data16:
        return cursor.big64() | (cursor.big64() << 64n);
      default:
        return null;
    }
  }

  /** Offset into another section, such as `DW_AT_stmt_list`. */
  sectionOffset(attribute: number): number | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    if (found.kind === form.secOffset) return this.#cursor(found.place).unsigned(this.reader.unit.offset);
    return this.number(attribute);
  }

  /** A number that counts in a table of another section, where the attribute has this form. */
  index(attribute: number, kind: number): number | null {
    const found = this.#find(attribute);
    return found?.kind === kind ? this.#cursor(found.place).uleb() : null;
  }

  string(attribute: number): string | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found.place);
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
  address(attribute: number): Address | null {
    const found = this.#find(attribute);
    if (found === null) return null;
    const cursor = this.#cursor(found.place);
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
    const cursor = this.#cursor(found.place);
    const inUnit = (offset: number): Reference => ({ unit: this.reader, offset });
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
          sections: this.reader.sections,
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
    const cursor = this.#cursor(found.place);
    const size = blockSize(cursor, found.kind);
    if (size === null) return null;
    const place = cursor.at;
    return { bytes: cursor.block(size), place };
  }

  #find(attribute: number): Found | null {
    const { attributes, forms } = this.abbreviation;
    const index = attributes.indexOf(attribute);
    if (index < 0) return null;
    const kind = forms[index] ?? 0;
    const place = this.#placeOf(index);
    if (kind !== form.indirect) return { index, kind, place };
    const cursor = this.#cursor(place);
    const real = cursor.uleb();
    return { index, kind: real, place: cursor.at };
  }

  /** In the section. */
  #placeOf(index: number): number {
    const { places, forms } = this.abbreviation;
    const start = this.reader.unit.start + this.#start;
    const direct = places[index] ?? 0;
    if (direct >= 0) return start + direct;
    // Back to the last one whose place is known, and from there over each in turn.
    let from = index;
    while ((places[from] ?? 0) < 0) from--;
    const cursor = this.#cursor(start + (places[from] ?? 0));
    for (; from < index; from++) skipForm(cursor, forms[from] ?? 0, this.reader.unit);
    return cursor.at;
  }

  #cursor(place: number): Cursor {
    return this.reader.cursors(this.reader.unit.section, place);
  }

  #text(section: 'debug_str' | 'debug_line_str', offset: number): string {
    return this.reader.texts(section, offset);
  }

  /** DWARF 5, section 7.26. */
  #indexedText(index: number): string {
    const { unit, stringBase, stringEnd, cursors } = this.reader;
    const place = stringBase + index * unit.offset;
    if (place + unit.offset > stringEnd) throw new DebugInfoError('damaged', 'a text has a number that no text has');
    const cursor = cursors('debug_str_offsets', place);
    return this.#text('debug_str', cursor.unsigned(unit.offset));
  }
}

/** A place in the entry's own unit or in the `.debug_info` that it stands in; or a type unit, which may stand in any. */
export type Reference =
  | { readonly unit: UnitReader; readonly offset: number }
  | { readonly sections: DebugSections; readonly offset: number }
  | { readonly signature: bigint };

interface Found {
  readonly index: number;
  readonly kind: number;
  readonly place: number;
}

/** The attributes of a unit's first entry that say where its parts of other sections begin (DWARF 5, section 3.1.1). */
export function readBases(root: Entry): Pick<UnitReader, 'stringBase' | 'stringEnd' | 'addressBase'> {
  // Without an attribute the part begins after the header of the section, if there is one (7.26, 7.27).
  const { version, offset } = root.reader.unit;
  const header = version >= 5 ? (offset === 8 ? 16 : 8) : 0;
  const stringBase = root.sectionOffset(at.strOffsetsBase) ?? header;
  return {
    stringBase,
    stringEnd: endOfStrings(root.reader, stringBase, header),
    addressBase: root.sectionOffset(at.addrBase) ?? root.sectionOffset(at.gnuAddrBase) ?? header,
  };
}

/** The header before the unit's part of the section says how long it is (section 7.26). */
function endOfStrings({ unit, sections, cursors }: UnitReader, base: number, header: number): number {
  const size = sections.section('debug_str_offsets').length;
  if (header === 0 || base < header || base > size) return size;
  const cursor = cursors('debug_str_offsets', base - header);
  if (unit.offset === 8) cursor.take(4);
  return Math.min(base - 4 + cursor.unsigned(unit.offset), size);
}

/** DWARF 5, section 2.13.2 and 3.3.8: a definition refers to its declaration, an inlined copy to its origin. */
export function declarationOf(entry: Entry): Reference | null {
  return entry.reference(at.specification) ?? entry.reference(at.abstractOrigin);
}
