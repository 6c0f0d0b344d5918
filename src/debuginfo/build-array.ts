import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import type { DescribedUnit, TypeReader } from './program-types.js';
import { sizeOf } from './size-of.js';
import type { ArrayType } from './types.js';

/** Section 5.5: dimensions are subranges, in the order the source writes them. */
export function buildArray(reader: TypeReader, unit: DescribedUnit, entry: Entry): ArrayType {
  const element = lazy(() => reader.typeOf(entry));
  const dimensions = lazy(() =>
    reader.program
      .children(unit, entry, tag.subrangeType, tag.enumerationType)
      .map((child) => countOf(child, unit.unit.address)),
  );
  return {
    kind: 'array',
    vector: entry.flag(at.gnuVector),
    get element() {
      return element();
    },
    get dimensions() {
      return dimensions();
    },
    get size() {
      const all = dimensions();
      if (all.length === 0 || all.includes(null)) return null;
      // Only a vector of, say, three elements that takes the room of four says its size.
      const own = entry.number(at.byteSize);
      if (own !== null) return own;
      const one = sizeOf(element());
      return one === null ? null : all.reduce<number>((size, count) => size * (count ?? 0), one);
    },
  };
}

/**
 * Section 5.13: a count, or bounds of which the lower is 0 in C. A bound that is computed (a variable-length array) is no
 * number. gcc writes the upper bound of an array of no elements as -1, in as many bits as an address has.
 */
function countOf(subrange: Entry, addressSize: number): number | null {
  const count = subrange.big(at.count);
  // clang 3 and older wrote -1 for a flexible array.
  if (count !== null) return count < 0n || count === 0xffffffffffffffffn ? null : Number(count);
  const upper = subrange.big(at.upperBound);
  if (upper === null) return null;
  const last = BigInt.asIntN(addressSize * 8, upper);
  return last < 0n ? 0 : Number(last) + 1;
}
