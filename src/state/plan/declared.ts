import type { DebugType, RecordType } from '../../debuginfo/types.js';
import { strip } from '../../layout/strip.js';

const known = new WeakMap<object, RecordType | null>();

/**
 * The first record inside an object that the build only declares, so that nobody knows what it holds: clang leaves
 * definitions out that another library is expected to have, unless it is told otherwise (-fstandalone-debug).
 */
export function declaredInside(type: DebugType): RecordType | null {
  const plain = strip(type);
  if (plain.kind === 'array') return declaredInside(plain.element);
  if (plain.kind !== 'record') return null;
  if (!plain.complete) return plain;
  const before = known.get(plain);
  if (before !== undefined) return before;
  const inside = [...plain.bases, ...plain.fields].map((part) => declaredInside(part.type));
  const found = inside.find((one) => one !== null) ?? null;
  known.set(plain, found);
  return found;
}
