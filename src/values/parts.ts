import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { readInteger } from './numbers.js';

/** A piece of an object: what it is, and its bytes. */
export interface Part {
  readonly type: DebugType;
  readonly bytes: Uint8Array;
}

/** The part that a chain of field names leads to, those of bases and anonymous members included; null where there is none. */
export function childOf(part: Part, ...names: readonly string[]): Part | null {
  let at: Part | null = part;
  for (const name of names) at = at === null ? null : fieldOf(at, name);
  return at;
}

/** An unsigned number of up to 8 bytes; null where the bytes are not there. */
export function wordOf(part: Part | null): bigint | null {
  const size = part === null ? null : sizeOf(part.type);
  if (part === null || size === null || size < 1 || size > 8 || part.bytes.length < size) return null;
  return readInteger(part.bytes, size, false, null);
}

function fieldOf({ type, bytes }: Part, name: string): Part | null {
  const plain = strip(type);
  if (plain.kind !== 'record') return null;
  const own = plain.fields.find((field) => field.name === name);
  if (own !== undefined) return { type: own.type, bytes: cut(bytes, own.offset, own.type) };
  const inner = [
    ...plain.bases.flatMap((base) => (base.offset === null ? [] : [{ type: base.type, offset: base.offset }])),
    ...plain.fields.filter((field) => field.name === ''),
  ];
  for (const one of inner) {
    const found = fieldOf({ type: one.type, bytes: cut(bytes, one.offset, one.type) }, name);
    if (found !== null) return found;
  }
  return null;
}

function cut(bytes: Uint8Array, offset: number, type: DebugType): Uint8Array {
  return bytes.subarray(offset, offset + (sizeOf(type) ?? 0));
}

/**
 * The pointer in the tuple of a unique_ptr. The deleter may hold pointers too; libstdc++ derives a tuple from its rest
 * first and then from its first element, so the bases are looked at from the last one.
 */
export function findPointer(type: DebugType): { readonly type: DebugType; readonly offset: number } | null {
  const plain = strip(type);
  if (plain.kind === 'pointer') return { type, offset: 0 };
  if (plain.kind !== 'record') return null;
  const inner = [
    ...plain.fields,
    ...plain.bases
      .toReversed()
      .flatMap((base) => (base.offset === null ? [] : [{ type: base.type, offset: base.offset }])),
  ];
  for (const one of inner) {
    const found = findPointer(one.type);
    if (found !== null) return { type: found.type, offset: one.offset + found.offset };
  }
  return null;
}
