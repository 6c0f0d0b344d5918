import { type Address, indexedAddress, readAddress } from './addresses.js';
import { at, form } from './constants.js';
import type { Entry } from './entry.js';
import type { OpenUnit } from './open-unit.js';

/** A piece of code without gaps. */
export interface CodeRange extends Address {
  readonly size: number;
}

/**
 * The first range of a function whose code lies in several places: compilers write the one first that it is entered at.
 * Null where it has no list of ranges, or the list begins in a way compilers do not write.
 */
export function firstRange(unit: OpenUnit, entry: Entry): CodeRange | null {
  return unit.unit.version >= 5 ? firstNew(unit, entry) : firstOld(unit, entry);
}

/** `DW_RLE_*` (DWARF 5, section 7.25). */
const kinds = {
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
};

/** Section 2.17.3. */
function firstNew(unit: OpenUnit, entry: Entry): CodeRange | null {
  const place = listPlace(unit, entry);
  if (place === null) return null;
  const { address } = unit.unit;
  let base = unit.root.address(at.lowPc);
  let next = place;
  for (;;) {
    const cursor = unit.cursors('debug_rnglists', next);
    const kind = cursor.u8();
    const start = cursor.at;
    switch (kind) {
      case kinds.baseAddressx: {
        const index = cursor.uleb();
        next = cursor.at;
        base = indexedAddress(unit, index);
        break;
      }
      case kinds.baseAddress:
        next = start + address;
        base = readAddress(unit, 'debug_rnglists', start);
        break;
      case kinds.startxLength: {
        const [index, size] = [cursor.uleb(), cursor.uleb()];
        return { ...indexedAddress(unit, index), size };
      }
      case kinds.startxEndx: {
        const [first, last] = [cursor.uleb(), cursor.uleb()];
        const from = indexedAddress(unit, first);
        return { ...from, size: indexedAddress(unit, last).address - from.address };
      }
      case kinds.offsetPair: {
        const [from, to] = [cursor.uleb(), cursor.uleb()];
        return base === null ? null : { address: base.address + from, section: base.section, size: to - from };
      }
      case kinds.startEnd: {
        const from = readAddress(unit, 'debug_rnglists', start);
        return { ...from, size: readAddress(unit, 'debug_rnglists', start + address).address - from.address };
      }
      case kinds.startLength: {
        cursor.take(address);
        const size = cursor.uleb();
        return { ...readAddress(unit, 'debug_rnglists', start), size };
      }
      default:
        return null;
    }
  }
}

/** The list itself, or its number in the table of lists that the unit says the place of (section 7.28). */
function listPlace(unit: OpenUnit, entry: Entry): number | null {
  const index = entry.index(at.ranges, form.rnglistx);
  if (index === null) return entry.sectionOffset(at.ranges);
  const base = unit.root.sectionOffset(at.rnglistsBase) ?? (unit.unit.offset === 8 ? 20 : 12);
  return base + unit.cursors('debug_rnglists', base + index * unit.unit.offset).unsigned(unit.unit.offset);
}

/** Up to DWARF 4 (section 2.17.3 there): pairs of addresses that count from a base; one of all ones says a new base. */
function firstOld(unit: OpenUnit, entry: Entry): CodeRange | null {
  const { address } = unit.unit;
  let place = entry.sectionOffset(at.ranges);
  if (place === null) return null;
  let base: Address = unit.root.address(at.lowPc) ?? { address: 0, section: null };
  for (; ; place += 2 * address) {
    const from = readAddress(unit, 'debug_ranges', place);
    const to = readAddress(unit, 'debug_ranges', place + address);
    if (from.address >= (address === 8 ? 2 ** 63 : 2 ** 32 - 1)) {
      base = to;
      continue;
    }
    if (from.address === 0 && to.address === 0 && to.section === null) return null;
    return {
      address: base.address + from.address,
      section: from.section ?? base.section,
      size: to.address - from.address,
    };
  }
}
