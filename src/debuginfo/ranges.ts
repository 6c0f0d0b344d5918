import { type Address, indexedAddress, readAddress } from './addresses.js';
import { at, form } from './constants.js';
import type { Entry } from './entry.js';
import type { UnitReader } from './unit-reader.js';

/** A unit as far as its own entry, which ranges of its functions count from. */
export interface RootedUnit extends UnitReader {
  readonly root: Entry;
}

/** A piece of code without gaps. */
export interface CodeRange extends Address {
  readonly size: number;
}

/**
 * The first range of a function whose code lies in several places: compilers write the one first that it is entered at.
 * Null where it has no list of ranges, or an empty one.
 */
export function firstRange(unit: RootedUnit, entry: Entry): CodeRange | null {
  for (const range of listedRanges(unit, entry)) return range;
  return null;
}

/** All code of a unit, a function, or an inlined copy of one (DWARF 5, section 2.17); empty where it does not say. */
export function codeRanges(unit: RootedUnit, entry: Entry): readonly CodeRange[] {
  if (entry.has(at.ranges)) return [...listedRanges(unit, entry)];
  const low = entry.address(at.lowPc);
  if (low === null) return [];
  const high = entry.address(at.highPc);
  return [{ ...low, size: high === null ? (entry.number(at.highPc) ?? 0) : high.address - low.address }];
}

function listedRanges(unit: RootedUnit, entry: Entry): Generator<CodeRange> {
  return unit.unit.version >= 5 ? newRanges(unit, entry) : oldRanges(unit, entry);
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
function* newRanges(unit: RootedUnit, entry: Entry): Generator<CodeRange> {
  const place = listPlace(unit, entry);
  if (place === null) return;
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
        next = cursor.at;
        yield { ...indexedAddress(unit, index), size };
        break;
      }
      case kinds.startxEndx: {
        const [first, last] = [cursor.uleb(), cursor.uleb()];
        next = cursor.at;
        const from = indexedAddress(unit, first);
        yield { ...from, size: indexedAddress(unit, last).address - from.address };
        break;
      }
      case kinds.offsetPair: {
        const [from, to] = [cursor.uleb(), cursor.uleb()];
        next = cursor.at;
        if (base === null) return;
        yield { address: base.address + from, section: base.section, size: to - from };
        break;
      }
      case kinds.startEnd: {
        next = start + 2 * address;
        const from = readAddress(unit, 'debug_rnglists', start);
        yield { ...from, size: readAddress(unit, 'debug_rnglists', start + address).address - from.address };
        break;
      }
      case kinds.startLength: {
        cursor.take(address);
        const size = cursor.uleb();
        next = cursor.at;
        yield { ...readAddress(unit, 'debug_rnglists', start), size };
        break;
      }
      default:
        return;
    }
  }
}

/** The list itself, or its number in the table of lists that the unit says the place of (section 7.28). */
function listPlace(unit: RootedUnit, entry: Entry): number | null {
  const index = entry.index(at.ranges, form.rnglistx);
  if (index === null) return entry.sectionOffset(at.ranges);
  const base = unit.root.sectionOffset(at.rnglistsBase) ?? (unit.unit.offset === 8 ? 20 : 12);
  return base + unit.cursors('debug_rnglists', base + index * unit.unit.offset).unsigned(unit.unit.offset);
}

/** Up to DWARF 4 (section 2.17.3 there): pairs of addresses that count from a base; one of all ones says a new base. */
function* oldRanges(unit: RootedUnit, entry: Entry): Generator<CodeRange> {
  const { address } = unit.unit;
  let place = entry.sectionOffset(at.ranges);
  if (place === null) return;
  let base: Address = unit.root.address(at.lowPc) ?? { address: 0, section: null };
  for (; ; place += 2 * address) {
    const from = readAddress(unit, 'debug_ranges', place);
    const to = readAddress(unit, 'debug_ranges', place + address);
    if (from.address >= (address === 8 ? 2 ** 63 : 2 ** 32 - 1)) {
      base = to;
      continue;
    }
    if (from.address === 0 && to.address === 0 && to.section === null) return;
    yield {
      address: base.address + from.address,
      section: from.section ?? base.section,
      size: to.address - from.address,
    };
  }
}
