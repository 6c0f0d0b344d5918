import { sizeOf } from '../debuginfo/size-of.js';
import type { RecordType } from '../debuginfo/types.js';
import { strip } from './strip.js';

export interface Gaps {
  /** Whole bytes between fields that no field uses. */
  readonly holes: readonly { readonly offset: number; readonly size: number }[];
  /** Bits that no bit-field uses in a byte that others do, or that a hole begins or ends with. */
  readonly bitHoles: readonly { readonly bitOffset: number; readonly bitSize: number }[];
  /** Unused bytes behind the last field. */
  readonly paddingAtEnd: number;
}

/**
 * What a record's size holds beside its fields. Where virtual bases lie is not known before there is an object, so behind
 * the last field of a record that has any nothing is counted.
 */
export function findHoles(record: RecordType): Gaps {
  const holes: { offset: number; size: number }[] = [];
  const bitHoles: { bitOffset: number; bitSize: number }[] = [];
  let end = 0;
  for (const [from, to] of usedBits(record).toSorted((a, b) => a[0] - b[0])) {
    if (from > end) {
      const [first, last] = [Math.ceil(end / 8), Math.floor(from / 8)];
      if (first >= last) bitHoles.push({ bitOffset: end, bitSize: from - end });
      else {
        if (first * 8 > end) bitHoles.push({ bitOffset: end, bitSize: first * 8 - end });
        holes.push({ offset: first, size: last - first });
        if (from > last * 8) bitHoles.push({ bitOffset: last * 8, bitSize: from - last * 8 });
      }
    }
    end = Math.max(end, to);
  }
  const hasVirtual = hasVirtualBases(record);
  const lastByte = Math.ceil(end / 8);
  if (!hasVirtual && lastByte * 8 > end) bitHoles.push({ bitOffset: end, bitSize: lastByte * 8 - end });
  // An empty C++ class takes a byte that is no padding: two objects never share an address.
  const paddingAtEnd = hasVirtual || end === 0 ? 0 : Math.max(record.size - lastByte, 0);
  return { holes, bitHoles, paddingAtEnd };
}

/** Stretches [from, to) in bits; those of a base may lie among the derived record's own, which use its padding. */
function usedBits(record: RecordType): readonly (readonly [from: number, to: number])[] {
  const used: (readonly [number, number])[] = [];
  if (record.vtableOffset !== null) used.push([record.vtableOffset * 8, (record.vtableOffset + 8) * 8]);
  for (const { type, offset } of record.bases) {
    const plain = strip(type);
    if (offset === null || plain.kind !== 'record') continue;
    // A base's own holes are its own matter; its padding may hold fields of the derived record.
    const inner = usedBits(plain);
    const [from, to] = [Math.min(...inner.map((one) => one[0])), Math.max(...inner.map((one) => one[1]))];
    if (inner.length > 0) used.push([offset * 8 + Math.min(from, 0), offset * 8 + Math.ceil(to / 8) * 8]);
  }
  for (const field of record.fields) {
    const bits = field.bitSize ?? (sizeOf(field.type) ?? 0) * 8;
    if (bits > 0) used.push([field.bitOffset, field.bitOffset + bits]);
  }
  return used;
}

function hasVirtualBases(record: RecordType): boolean {
  return record.bases.some(({ type, virtual }) => {
    const plain = strip(type);
    return virtual || (plain.kind === 'record' && hasVirtualBases(plain));
  });
}
