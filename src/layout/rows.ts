import { sizeOf } from '../debuginfo/size-of.js';
import type { ArrayType, DebugType } from '../debuginfo/types.js';

/** What the first index of an array chooses from: an array of several dimensions is an array of rows. */
export function rowsOf(array: ArrayType): { readonly count: number | null; readonly element: DebugType } {
  const [count = null, ...rest] = array.dimensions;
  if (rest.length === 0) return { count, element: array.element };
  const one = sizeOf(array.element);
  const size = rest.reduce<number | null>((all, n) => (all === null || n === null ? null : all * n), one);
  return { count, element: { kind: 'array', element: array.element, dimensions: rest, vector: false, size } };
}
