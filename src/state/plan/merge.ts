import { code, type Operation } from './operations.js';

/** Padding between two members is at most one alignment long. */
const widestGap = 64;

/**
 * Joins copies that lie side by side in both images, so that a run of unchanged members is one copy. Padding between
 * them may be copied too where it is as long on both sides and nothing of the new one lies in it.
 *
 * @param occupied what lies in the new image near the copies.
 */
export function mergeCopies(
  operations: readonly Operation[],
  occupied: readonly { readonly start: number; readonly size: number }[],
): readonly Operation[] {
  const copies = operations.filter((one) => one.code === code.copy).sort((a, b) => a.from - b.from);
  const taken = [...occupied].filter((one) => one.size > 0).sort((a, b) => a.start - b.start);
  const starts = taken.map((one) => one.start);
  const merged: Operation[] = [];
  for (const next of copies) {
    const last = merged.at(-1);
    if (last === undefined || !joins(last, next, starts)) merged.push(next);
    else merged[merged.length - 1] = { ...last, count: next.from + next.count - last.from };
  }
  return [...merged, ...operations.filter((one) => one.code !== code.copy)];
}

function joins(last: Operation, next: Operation, starts: readonly number[]): boolean {
  const gap = next.from - (last.from + last.count);
  const end = last.to + last.count;
  if (gap < 0 || gap > widestGap || next.to - end !== gap) return false;
  return gap === 0 || (starts[firstFrom(starts, end)] ?? Number.POSITIVE_INFINITY) >= next.to;
}

/** Index of the first of sorted numbers that is not below another. */
function firstFrom(sorted: readonly number[], least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
