import type { Field } from '../../debuginfo/types.js';
import type { PlainType } from '../../layout/strip.js';
import type { PlanContext } from './context.js';
import { plainOf } from './labels.js';
import { reach } from './reach.js';

const word = 8;

/**
 * Bytes at which members of a union hold pointers to objects that may lead back into the running version, or that use its
 * code. Which member lives nobody can tell, but where such a word is zero or an address of the old image, there is no such
 * object whatever lives: an address is re-pointed with all others. An integer in its place counts as an object, so that
 * the answer errs on the side of refusing.
 *
 * @returns null where a pointer lies between the words that are looked at.
 */
export function unionPointers(context: PlanContext, before: PlainType, after: PlainType): readonly number[] | null {
  const found = new Set<number>();
  return collect(context, before, after, 0, found) ? [...found].sort((a, b) => a - b) : null;
}

/** False where not every place is known. */
function collect(
  context: PlanContext,
  before: PlainType,
  after: PlainType,
  offset: number,
  found: Set<number>,
): boolean {
  if (before.kind === 'pointer' && after.kind === 'pointer') {
    const target = plainOf(before.target);
    if (target.kind === 'function') return true;
    const behind = reach(context, { before: target, after: plainOf(after.target) }, true);
    if (behind.back === null && behind.code === null && !behind.table) return true;
    found.add(offset);
    return offset % word === 0;
  }
  if (before.kind === 'array' && after.kind === 'array') {
    const element = plainOf(before.element);
    const size = 'size' in element ? (element.size ?? 0) : 0;
    const count = size === 0 ? 0 : Math.floor((before.size ?? 0) / size);
    const places = Array.from({ length: count }, (_, n) => offset + n * size);
    return places.every((place) => collect(context, element, plainOf(after.element), place, found));
  }
  if (before.kind !== 'record' || after.kind !== 'record') return true;
  if (before.bases.some((base) => base.virtual)) return false;
  const bases = before.bases.every((base, n) =>
    collect(
      context,
      plainOf(base.type),
      plainOf(after.bases[n]?.type ?? base.type),
      offset + (base.offset ?? 0),
      found,
    ),
  );
  return bases && before.fields.every((field, n) => collectField(context, field, after.fields[n], offset, found));
}

function collectField(
  context: PlanContext,
  before: Field,
  after: Field | undefined,
  offset: number,
  found: Set<number>,
): boolean {
  if (after === undefined) return false;
  return collect(context, plainOf(before.type), plainOf(after.type), offset + before.offset, found);
}
