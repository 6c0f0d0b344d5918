import type { DebugType } from '../debuginfo/types.js';
import type { TypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { declaredInside } from './plan/declared.js';
import type { StateModel, StateVariable } from './types.js';

/**
 * Whether the source gives a variable another initial value now, as far as the files show: words that hold addresses are
 * filled in by the loader and compared by what they lead to. Types that are laid out differently are not compared at all.
 */
export function initialBytesDiffer(
  before: StateModel,
  after: StateModel,
  old: StateVariable,
  now: StateVariable,
  { sameLayout }: TypeComparer,
): boolean {
  if (!sameLayout(old.variable.type, now.variable.type) || old.size !== now.size) return false;
  if (declaredInside(old.variable.type) !== null) return false;
  const then = before.initial(old.address, old.size);
  const here = after.initial(now.address, now.size);
  if (then === undefined && here === undefined) return false;
  const skipped = pointerBytes(old.variable.type, 0, old.size);
  for (let n = 0; n < old.size; n++) {
    if ((then?.[n] ?? 0) !== (here?.[n] ?? 0) && !skipped.has(n)) return true;
  }
  for (const offset of skipped) {
    // Each byte of a pointer is in the list; the loader writes at the first.
    const [target, other] = [before.initialTarget(old.address + offset), after.initialTarget(now.address + offset)];
    if (target !== other) return true;
  }
  return false;
}

/** Offsets of all bytes that belong to pointers. */
function pointerBytes(type: DebugType, at: number, size: number): ReadonlySet<number> {
  const found = new Set<number>();
  collect(type, at, size, found);
  return found;
}

function collect(type: DebugType, at: number, size: number, found: Set<number>): void {
  const plain = strip(type);
  if (plain.kind === 'pointer') for (let n = 0; n < plain.size; n++) found.add(at + n);
  if (plain.kind === 'array') {
    const element = strip(plain.element);
    const stride = 'size' in element ? (element.size ?? 0) : 0;
    if (stride === 0 || element.kind === 'base' || element.kind === 'enum') return;
    for (let offset = 0; offset + stride <= (plain.size ?? size); offset += stride)
      collect(element, at + offset, stride, found);
  }
  if (plain.kind === 'record') {
    if (plain.vtableOffset !== null) for (let n = 0; n < 8; n++) found.add(at + plain.vtableOffset + n);
    for (const base of plain.bases) collect(base.type, at + (base.offset ?? 0), plain.size, found);
    for (const field of plain.fields) collect(field.type, at + field.offset, plain.size - field.offset, found);
  }
}
