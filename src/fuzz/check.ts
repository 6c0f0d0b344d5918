import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugInfo, DebugType, EnumType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import type { Authority } from './authority.js';
import type { Check, Generated } from './generate.js';

export interface Wrong {
  readonly check: Check;
  readonly expected: string;
  readonly actual: string;
}

/** Asks the reader of debug information what was asked of the compiler. One entry for each answer that differs. */
export function compare({ checks }: Generated, info: DebugInfo, authority: Authority): readonly Wrong[] {
  const records = new Map<string, RecordType>();
  const enums = new Map<string, EnumType>();
  for (const type of info.types) {
    if (type.kind === 'record' && type.name !== null) records.set(type.name, type);
    if (type.kind === 'enum' && type.name !== null) enums.set(type.name, type);
  }
  const numbers = authority.bytesOf('checks');
  const wrong: Wrong[] = [];
  let next = 0;
  for (const check of checks) {
    const expected = check.about === 'bits' ? bitsOf(authority, check) : numberAt(numbers, next++, check);
    const actual = answer(check, records, enums, expected);
    if (actual !== expected) wrong.push({ check, expected, actual });
  }
  return wrong;
}

function numberAt(bytes: Uint8Array | null, index: number, check: Check): string {
  if (bytes === null || bytes.length < (index + 1) * 8) return 'no constant';
  const value = new DataView(bytes.buffer, bytes.byteOffset + index * 8, 8).getBigUint64(0, true);
  return String(check.about === 'enumerator' ? BigInt.asIntN(64, value) : value);
}

/** Positions of the bits that are set, as `first-last`. */
function bitsOf(authority: Authority, check: Extract<Check, { readonly about: 'bits' }>): string {
  const bytes = authority.bytesOf(check.object);
  if (bytes === null) return 'no constant';
  const set: number[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) set.push(bit);
  }
  return `${set[0]}-${set.at(-1)}`;
}

function answer(
  check: Check,
  records: ReadonlyMap<string, RecordType>,
  enums: ReadonlyMap<string, EnumType>,
  expected: string,
): string {
  if (check.about === 'enumerator') {
    const member = enums.get(check.record)?.members.find((one) => one.name === check.field);
    return member === undefined ? 'no enumerator' : String(member.value);
  }
  const record = records.get(check.record);
  if (record === undefined) return 'no type';
  if (check.about === 'size') return String(record.size);
  const field = findField(record, check.field, 0);
  if (field === null) return 'no field';
  if (check.about === 'offset') return String(field.bits / 8);
  // A bit-field of a whole type's width is described as a plain field.
  if (check.about === 'bits') return `${field.bits}-${field.bits + (field.size ?? (sizeOf(field.type) ?? 0) * 8) - 1}`;
  // An array without elements has no size of its own in some compilers' description.
  const size = sizeOf(field.type);
  return size === null && expected === '0' ? '0' : String(size);
}

interface FoundField {
  readonly type: DebugType;
  /** First bit from the start of the record. */
  readonly bits: number;
  /** Bits of a bit-field. */
  readonly size: number | null;
}

function findField(record: RecordType, name: string, base: number): FoundField | null {
  for (const field of record.fields) {
    if (field.name === name) return { type: field.type, bits: base + field.bitOffset, size: field.bitSize };
    const inner = strip(field.type);
    const found = field.name === '' && inner.kind === 'record' ? findField(inner, name, base + field.bitOffset) : null;
    if (found !== null) return found;
  }
  for (const one of record.bases) {
    const inner = strip(one.type);
    const found = inner.kind === 'record' && one.offset !== null ? findField(inner, name, base + one.offset * 8) : null;
    if (found !== null) return found;
  }
  return null;
}
