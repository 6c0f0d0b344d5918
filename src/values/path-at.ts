import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import { rowsOf } from '../layout/rows.js';
import { strip } from '../layout/strip.js';
import type { StateModel } from '../state/types.js';

/** The innermost value that lies at an address. */
export interface ValuePath {
  /** As `resolvePath` takes it: `table.items[3].fn`. */
  readonly path: string;
  /** Bytes from its start to the address. */
  readonly offset: number;
}

/**
 * The path of the value that lies at an address of a library's file; null where no variable does. The way back of
 * `resolvePath`, without the pointers. Of a union it is the first member that reaches so far.
 */
export function pathAt(model: StateModel, address: number): ValuePath | null {
  const variable = model.variables.find((one) => address >= one.address && address < one.address + one.size);
  if (variable === undefined) return null;
  return descend(variable.variable.type, variable.path, address - variable.address);
}

function descend(type: DebugType, path: string, offset: number): ValuePath {
  const plain = strip(type);
  if (plain.kind === 'array') {
    const { element } = rowsOf(plain);
    const size = sizeOf(element) ?? 0;
    if (size === 0) return { path, offset };
    const index = Math.floor(offset / size);
    return descend(element, `${path}[${index}]`, offset - index * size);
  }
  const part = plain.kind === 'record' ? partAt(plain, offset) : null;
  if (part === null) return { path, offset };
  // What belongs to an anonymous member or a base is reached through the record itself.
  return descend(part.type, part.name === '' ? path : `${path}.${part.name}`, offset - part.offset);
}

/** A field without a size is a flexible array, which takes what is left. */
function partAt(record: RecordType, offset: number) {
  const bases = record.bases.flatMap((base) =>
    base.offset === null ? [] : [{ name: '', type: base.type, offset: base.offset }],
  );
  return (
    [...record.fields, ...bases].find(
      (part) => offset >= part.offset && offset < part.offset + (sizeOf(part.type) ?? Number.POSITIVE_INFINITY),
    ) ?? null
  );
}
