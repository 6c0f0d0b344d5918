import { type Address, indexedAddress, readAddress } from './addresses.js';
import { op } from './constants.js';
import { Cursor } from './cursor.js';
import type { DescribedUnit } from './program-types.js';

export interface Location extends Address {
  readonly threadLocal: boolean;
}

/**
 * Where a variable lies, of the location expressions that stand for one fixed place (DWARF 5, section 2.5.1): an address,
 * an address plus a number, an offset in the thread's block. Null for all others: registers, the stack, values that were
 * optimised into pieces.
 */
export function readLocation(unit: DescribedUnit, bytes: Uint8Array, place: number): Location | null {
  if (!isFixed(bytes)) return null;
  const cursor = new Cursor(bytes, unit.sections.littleEndian);
  const first = readFirst(unit, cursor, place);
  if (first === null) return null;
  if (cursor.at === bytes.length) return first.threadOffset ? null : { ...first, threadLocal: false };
  const next = cursor.u8();
  if (next === op.plusUconst && !first.threadOffset) {
    const address = first.address + cursor.uleb();
    return cursor.at === bytes.length ? { address, section: first.section, threadLocal: false } : null;
  }
  const threadLocal = next === op.gnuPushTlsAddress || next === op.formTlsAddress;
  if (!threadLocal || cursor.at !== bytes.length) return null;
  return { address: first.address, section: first.section, threadLocal: true };
}

/** Whether an expression may stand for a fixed place. Most variables lie on the stack, and are told apart by its beginning. */
export function isFixed(bytes: Uint8Array): boolean {
  return fixed.has(bytes[0] ?? 0);
}

const fixed: ReadonlySet<number> = new Set([
  op.addr,
  op.addrx,
  op.gnuAddrIndex,
  op.constx,
  op.gnuConstIndex,
  op.const4u,
  op.const8u,
]);

interface First extends Address {
  /** It is only an offset into the thread's block, and says nothing by itself. */
  readonly threadOffset: boolean;
}

function readFirst(unit: DescribedUnit, cursor: Cursor, place: number): First | null {
  switch (cursor.u8()) {
    case op.addr: {
      const at = cursor.take(unit.unit.address);
      return { ...readAddress(unit, unit.unit.section, place + at), threadOffset: false };
    }
    case op.addrx:
    case op.gnuAddrIndex:
      return { ...indexedAddress(unit, cursor.uleb()), threadOffset: false };
    case op.constx:
    case op.gnuConstIndex:
      return { ...indexedAddress(unit, cursor.uleb()), threadOffset: true };
    case op.const4u: {
      const at = cursor.at;
      return {
        address: cursor.u32(),
        section: unit.sections.sectionAt(unit.unit.section, place + at),
        threadOffset: true,
      };
    }
    case op.const8u: {
      const at = cursor.at;
      return {
        address: cursor.u64(),
        section: unit.sections.sectionAt(unit.unit.section, place + at),
        threadOffset: true,
      };
    }
    default:
      return null;
  }
}

/** Linkers write 0, or the highest addresses, where they discarded what debug information is about. */
export function isDiscarded(unit: DescribedUnit, { address, threadLocal }: Address & Partial<Location>): boolean {
  if (unit.sections.relocatable) return false;
  const highest = unit.unit.address === 8 ? 2 ** 63 : 2 ** 32 - 2;
  return (address === 0 && threadLocal !== true) || address >= highest;
}
