/**
 * The candidate that was most likely meant, or undefined where none is close: at most one edit for every three
 * letters (and at least one), capital letters and separators not counting.
 */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  const from = simplify(wanted);
  const limit = Math.max(1, Math.floor(from.length / 3));
  let best: { readonly text: string; readonly distance: number } | undefined;
  for (const text of candidates) {
    const to = simplify(text);
    // Among the thousands of symbols of a C library most are ruled out by their length alone.
    if (Math.abs(to.length - from.length) > limit) continue;
    const distance = editDistance(from, to);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { text, distance };
  }
  return best?.text;
}

/** ` Did you mean "x"?` with a leading space, or nothing where no candidate is close. */
export function didYouMean(wanted: string, candidates: Iterable<string>): string {
  const guess = nearest(wanted, candidates);
  return guess === undefined ? '' : ` Did you mean "${guess}"?`;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment: the
 * Levenshtein distance plus swaps, because a swap is the most frequent slip of the fingers).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

function simplify(text: string): string {
  return text.toLowerCase().replace(/[-_\s]/g, '');
}
