import { DebugInfoError } from './errors.js';
import type { Base, DebugType, Field, RecordType } from './types.js';

/** What a record consists of, before it was looked at here. */
export interface Parts {
  readonly fields: () => readonly Field[];
  readonly bases: () => readonly Base[];
}

/**
 * Refuses a record that holds itself: it has no size, and whoever descends into it would never end. Only parts as large
 * as the record itself can lead back to it, so hardly anything is looked at.
 *
 * @throws DebugInfoError
 */
export function refuseInsideItself(record: RecordType, partsOf: (record: RecordType) => Parts | null): void {
  const seen = new Set<RecordType>();
  const waiting: RecordType[] = [record];
  for (let outer = waiting.pop(); outer !== undefined; outer = waiting.pop()) {
    const parts = partsOf(outer);
    if (parts === null) continue;
    for (const inner of [...parts.fields(), ...parts.bases()].map(({ type }) => recordOf(type))) {
      if (inner === null || !inner.complete || inner.size < record.size) continue;
      if (inner === record) throw new DebugInfoError('damaged', `${record.name ?? 'a struct'} holds itself`);
      if (seen.has(inner)) continue;
      seen.add(inner);
      waiting.push(inner);
    }
  }
  refuseLarger(record, partsOf(record)?.fields() ?? []);
}

function refuseLarger(record: RecordType, fields: readonly Field[]): void {
  if (record.size === 0) return;
  for (const { type, bitSize } of fields) {
    if (bitSize === null && (recordOf(type)?.size ?? 0) > record.size) {
      throw new DebugInfoError('damaged', `a field of ${record.name ?? 'a struct'} is larger than it`);
    }
  }
}

/** The record that a part is or repeats. An array of no or of an unknown number of elements takes no room in it. */
function recordOf(type: DebugType): RecordType | null {
  if (type.kind === 'typedef' || type.kind === 'qualified') return recordOf(type.target);
  if (type.kind === 'array') {
    return type.dimensions.some((count) => count === null || count === 0) ? null : recordOf(type.element);
  }
  return type.kind === 'record' ? type : null;
}
