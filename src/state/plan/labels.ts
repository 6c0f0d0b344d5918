import type { DebugType, RecordType } from '../../debuginfo/types.js';
import { type PlainType, strip } from '../../layout/strip.js';
import { recordName, typeName } from '../../layout/type-name.js';

const aliases = new WeakMap<object, string>();

/** As `strip`; on the way it learns what a record without a name is called (`typedef struct {...} city_t`). */
export function plainOf(type: DebugType): PlainType {
  const plain = strip(type);
  if (plain.kind !== 'record' || plain.name !== null || aliases.has(plain)) return plain;
  let current = type;
  while (current.kind === 'typedef' || current.kind === 'qualified') {
    // The name nearest to the record is its own; others are names of that name.
    if (current.kind === 'typedef') aliases.set(plain, [...current.scope, current.name].join('::'));
    current = current.target;
  }
  return plain;
}

/** `struct city`, `ns::city`, `city_t`; `struct {...}` only where nothing names it. */
export function labelOf(record: RecordType): string {
  return record.name === null ? (aliases.get(record) ?? recordName(record)) : recordName(record);
}

/** As `typeName`, with the name that a record without one goes by. */
export function typeLabel(type: DebugType): string {
  return type.kind === 'record' ? labelOf(type) : typeName(type);
}
