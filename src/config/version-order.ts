/**
 * Which of two versions comes first, after Semantic Versioning 2.0.0, section 11: numbers part by part, a pre-release
 * before the release itself, what follows `+` not at all.
 *
 * @returns below 0 where `a` comes first, above 0 where `b` does, 0 where neither does.
 */
export function compareVersionNumbers(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  const released = compareLists(one.numbers, other.numbers);
  if (released !== 0) return released;
  if (one.early.length === 0 || other.early.length === 0) return other.early.length - one.early.length;
  return compareLists(one.early, other.early);
}

function partsOf(version: string): { readonly numbers: readonly string[]; readonly early: readonly string[] } {
  const [known = ''] = version.split('+');
  const dash = known.indexOf('-');
  const numbers = (dash === -1 ? known : known.slice(0, dash)).split('.');
  return { numbers, early: dash === -1 ? [] : known.slice(dash + 1).split('.') };
}

/** Of two lists that are the same as far as both go, the shorter one comes first. */
function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers by their value and before texts, texts by their characters. */
function compareParts(a: string, b: string): number {
  const [one, other] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (one && other) return Math.sign(Number(a) - Number(b));
  if (one !== other) return one ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
