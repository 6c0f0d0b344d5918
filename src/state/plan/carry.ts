import { sizeOf } from '../../debuginfo/size-of.js';
import type { ArrayType, DebugType } from '../../debuginfo/types.js';
import type { PlainType } from '../../layout/strip.js';
import { carryArray } from './arrays.js';
import { addChange, addPiece, classOf, isLibraryType, type Out, type PlanContext, type Spot } from './context.js';
import { declaredInside } from './declared.js';
import { labelOf, plainOf } from './labels.js';
import { code } from './operations.js';
import { carryPointers, lookAtWords } from './pointers.js';
import { holdsProcessBound, isProcessBound } from './process-bound.js';
import { carryRecord } from './records.js';
import { carryScalar, isScalar } from './scalars.js';

/**
 * Emits what carries one object over from its old type to its new one, and notes what changed. Types that are laid out
 * alike are copied; the rest is converted by names. What cannot be proven becomes a change that refuses.
 *
 * @param size bytes of the object where the type does not say (a flexible array).
 */
export function carry(
  context: PlanContext,
  out: Out,
  types: { readonly before: DebugType; readonly after: DebugType },
  spot: Spot,
  size: number | null = null,
): void {
  const [before, after] = [plainOf(types.before), plainOf(types.after)];
  if (context.isGone && isProcessBound(types.before)) return;
  const inParts = context.isGone && isDivisible(before) && holdsProcessBound(before);
  if (!inParts && context.compare.sameLayout(before, after)) {
    carrySame(context, out, before, after, spot, size);
    return;
  }
  context.converted = true;
  if (isScalar(before) && isScalar(after)) return carryScalar(context, out, before, after, spot);
  if (before.kind === 'array' && after.kind === 'array') return carryArray(context, out, before, after, spot, carry);
  if (before.kind === 'record' && after.kind === 'record') {
    if (!before.complete || !after.complete) return addChange(context, 'typeUnknown', spot, types);
    if (before.form === 'union' || after.form === 'union') {
      const difference = context.compare.difference(before, after);
      const detail = difference === null ? '' : `${difference.before} became ${difference.after}`;
      return addChange(context, 'unionChanged', spot, { before, after }, { detail });
    }
    return carryRecord(context, out, before, after, spot, carry);
  }
  addChange(context, 'incompatible', spot, types);
}

function isDivisible(type: PlainType): boolean {
  return type.kind === 'array' || (type.kind === 'record' && type.form !== 'union');
}

/** One copy, and on top of it whatever pointers lie in it. */
function carrySame(
  context: PlanContext,
  out: Out,
  before: PlainType,
  after: PlainType,
  spot: Spot,
  given: number | null,
): void {
  const size = given ?? sizeOf(before);
  if (size === null) return addChange(context, 'typeUnknown', spot, { before, after });
  if (size === 0) return;
  out.push({ code: code.copy, from: spot.from, to: spot.to, count: size });
  addPiece(context, 'pieces', {
    from: spot.from,
    to: spot.to,
    length: size,
    type: classOf(context, before),
    element: elementClass(context, before),
  });
  const unknown = declaredInside(before) ?? declaredInside(after);
  if (unknown !== null) {
    // What the C++ library's types hold stays the same; which of their words are pointers, the engine sees by the values.
    out.push(lookAtWords(context, before, spot, Math.floor(size / 8)));
    context.hasPointers = true;
    context.heapMayPointBack = true;
    if (!isLibraryType(unknown)) {
      const detail = `debug information only declares ${labelOf(unknown)}; with clang, compile with -fstandalone-debug`;
      addChange(context, 'typeUnknown', spot, { before, after }, { detail });
    }
  }
  carryPointers(context, out, before, after, spot, size);
}

function elementClass(context: PlanContext, type: PlainType): number {
  return type.kind === 'array' ? classOf(context, innermost(type)) : 0;
}

function innermost(array: ArrayType): DebugType {
  const element = plainOf(array.element);
  return element.kind === 'array' ? innermost(element) : element;
}
