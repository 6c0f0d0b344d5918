import { sizeOf } from '../debuginfo/size-of.js';
import type { ArrayType, DebugType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';

/** What is left of an array of several dimensions when the first index is given. */
export function rowOf(element: DebugType, dimensions: readonly (number | null)[]): ArrayType {
  const size = dimensions.reduce<number | null>(
    (all, count) => (all === null || count === null ? null : all * count),
    sizeOf(element),
  );
  return { kind: 'array', element, dimensions, vector: false, size };
}

/** The first elements, and how many more there are. */
export function list(length: number, most: number, one: (index: number) => Json): readonly Json[] {
  const values = Array.from({ length: Math.min(length, most) }, (_, n) => one(n));
  return length > most ? [...values, `... ${length - most} more`] : values;
}
