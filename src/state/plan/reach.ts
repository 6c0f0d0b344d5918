import type { DebugType } from '../../debuginfo/types.js';
import { strip } from '../../layout/strip.js';

/** What can be reached from an object of a type, through pointers in any depth. */
export interface Reach {
  /** A pointer to void: what lies behind it may be anything. */
  readonly void: boolean;
  /** A function pointer or a virtual table: objects on the heap that hold one go on using the old code. */
  readonly code: boolean;
}

const known = new WeakMap<object, Reach>();

export function reaches(type: DebugType): Reach {
  const start = strip(type);
  const before = known.get(start);
  if (before !== undefined) return before;
  const found = { void: false, code: false };
  const seen = new Set<object>();
  const open: DebugType[] = [start];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const plain = strip(next);
    if (seen.has(plain)) continue;
    seen.add(plain);
    if (plain.kind === 'array') open.push(plain.element);
    if (plain.kind === 'pointer') {
      const target = strip(plain.target);
      if (target.kind === 'void') found.void = true;
      else if (target.kind === 'function') found.code = true;
      else open.push(target);
    }
    if (plain.kind === 'record' && plain.complete) {
      if (plain.vtableOffset !== null) found.code = true;
      open.push(...plain.bases.map((base) => base.type), ...plain.fields.map((field) => field.type));
    }
  }
  known.set(start, found);
  return found;
}
