import { form } from './constants.js';
import type { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';

/** Sizes in a unit that lengths of forms depend on. */
export interface FormSizes {
  readonly address: number;
  /** 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offset: number;
  readonly version: number;
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

/** Moves past one value, whatever its form. */
export function skipForm(cursor: Cursor, kind: number, sizes: FormSizes): void {
  const length = fixedLength(kind, sizes);
  if (length === null) skipVariable(cursor, kind, sizes);
  else cursor.take(length);
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
      skipForm(cursor, real, sizes);
      return;
    }
    default:
      throw new DebugInfoError('unsupported', `the form 0x${kind.toString(16)} is not known`);
  }
}

/** Length of a block or expression, with the cursor moved to its first byte; null where the form is neither. */
export function blockSize(cursor: Cursor, kind: number): number | null {
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
