import type { TypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import type { OpenUnit } from './program.js';
import { sizeOf } from './size-of.js';
import type { ArrayType } from './types.js';

/** Section 5.5: dimensions are subranges, in the order the source writes them. */
export function buildArray(reader: TypeReader, unit: OpenUnit, entry: Entry): ArrayType {
  const element = lazy(() => reader.typeOf(entry));
  const dimensions = lazy(() =>
    reader.program
      .children(unit, entry)
      .filter((child) => child.tag === tag.subrangeType || child.tag === tag.enumerationType)
      .map(countOf),
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
      const one = sizeOf(element());
      if (one === null || all.length === 0) return null;
      return all.reduce<number | null>((size, count) => (size === null || count === null ? null : size * count), one);
    },
  };
}

/**
 * Section 5.13: a count, or bounds of which the lower is 0 in C. A bound that is computed (a variable-length array) is no
 * number. gcc writes the upper bound of an array of no elements as -1 in all bits.
 */
function countOf(subrange: Entry): number | null {
  const count = subrange.number(at.count);
  if (count !== null) return count;
  const upper = subrange.big(at.upperBound);
  if (upper === null) return null;
  const allOnes = [0xffffffffn, 0xffffffffffffffffn, -1n];
  return allOnes.includes(upper) ? 0 : Number(upper) + 1;
}
