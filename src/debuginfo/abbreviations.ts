import { form } from './constants.js';
import type { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';

/** How one kind of entry is written (DWARF 5, section 7.5.3): its tag, and for each attribute its form. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Values of `DW_FORM_implicit_const`, by position. */
  readonly implicit: readonly (bigint | undefined)[];
  /**
   * How to move past an entry of this kind: a positive number of bytes to leap, or the negative number of a form whose
   * length stands in the data. Made once, so that walking over entries decodes nothing.
   */
  readonly skips: readonly number[];
}

/** By code; the codes that compilers give are small and dense. */
export type AbbreviationTable = readonly (Abbreviation | undefined)[];

/** Sizes in a unit that lengths of forms depend on. */
export interface FormSizes {
  readonly address: number;
  /** 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offset: number;
  readonly version: number;
}

/** A code of this size no compiler gives; a table as long would be the work of damage. */
const highestCode = 1 << 20;

export function readAbbreviations(cursor: Cursor, sizes: FormSizes): AbbreviationTable {
  const table: (Abbreviation | undefined)[] = [];
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    if (code > highestCode) throw new DebugInfoError('damaged', `an abbreviation has the code ${code}`);
    table[code] = readAbbreviation(cursor, sizes);
  }
}

function readAbbreviation(cursor: Cursor, sizes: FormSizes): Abbreviation {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  const implicit: (bigint | undefined)[] = [];
  const skips: number[] = [];
  for (;;) {
    const attribute = cursor.uleb();
    const kind = cursor.uleb();
    if (attribute === 0 && kind === 0) break;
    if (kind === form.implicitConst) implicit[forms.length] = cursor.sleb();
    attributes.push(attribute);
    forms.push(kind);
    const length = fixedLength(kind, sizes);
    if (length === null) skips.push(-kind);
    else if ((skips.at(-1) ?? -1) >= 0) skips.push((skips.pop() ?? 0) + length);
    else skips.push(length);
  }
  return { tag, hasChildren, attributes, forms, implicit, skips };
}

/** Bytes of a form, null where they stand in the data. DWARF 5, section 7.5.6. */
export function fixedLength(kind: number, { address, offset, version }: FormSizes): number | null {
  switch (kind) {
    case form.addr:
      return address;
    case form.flagPresent:
    case form.implicitConst:
      return 0;
    case form.data1:
    case form.flag:
    case form.ref1:
    case form.strx1:
    case form.addrx1:
      return 1;
    case form.data2:
    case form.ref2:
    case form.strx2:
    case form.addrx2:
      return 2;
    case form.strx3:
    case form.addrx3:
      return 3;
    case form.data4:
    case form.ref4:
    case form.refSup4:
    case form.strx4:
    case form.addrx4:
      return 4;
    case form.data8:
    case form.ref8:
    case form.refSig8:
    case form.refSup8:
      return 8;
    case form.data16:
      return 16;
    case form.strp:
    case form.lineStrp:
    case form.secOffset:
    case form.strpSup:
    case form.gnuRefAlt:
    case form.gnuStrpAlt:
      return offset;
    case form.refAddr:
      return version <= 2 ? address : offset;
    default:
      return null;
  }
}

/** Moves past one value whose length stands in the data. */
export function skipVariable(cursor: Cursor, kind: number, sizes: FormSizes): void {
  switch (kind) {
    case form.udata:
    case form.sdata:
    case form.refUdata:
    case form.strx:
    case form.addrx:
    case form.loclistx:
    case form.rnglistx:
    case form.gnuAddrIndex:
    case form.gnuStrIndex:
      cursor.skipLeb();
      return;
    case form.string:
      cursor.skipString();
      return;
    case form.block:
    case form.exprloc:
      cursor.take(cursor.uleb());
      return;
    case form.block1:
      cursor.take(cursor.u8());
      return;
    case form.block2:
      cursor.take(cursor.u16());
      return;
    case form.block4:
      cursor.take(cursor.u32());
      return;
    case form.indirect: {
      const real = cursor.uleb();
      if (real === form.indirect || real === form.implicitConst) {
        throw new DebugInfoError('damaged', 'an indirect form names another indirect one');
      }
      const length = fixedLength(real, sizes);
      if (length === null) skipVariable(cursor, real, sizes);
      else cursor.take(length);
      return;
    }
    default:
      throw new DebugInfoError('unsupported', `the form 0x${kind.toString(16)} is not known`);
  }
}
