import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import type { Json } from '../report/cases/types.js';
import type { Decoding, decode } from './decode.js';

/** Objects of the C++ library as what they stand for, by the fields of libstdc++; null for anything else. */
export function decodeContainer(
  record: RecordType,
  bytes: Uint8Array,
  with_: Decoding,
  decodeOne: typeof decode,
): Json | null {
  if (record.scope[0] !== 'std' || record.name === null) return null;
  if (record.name.startsWith('basic_string<')) return decodeString(record, bytes, with_);
  if (record.name.startsWith('vector<')) return decodeVector(record, bytes, with_, decodeOne);
  return null;
}

const longest = 4096;

function decodeString(record: RecordType, bytes: Uint8Array, { memory }: Decoding): Json | null {
  const data = wordAt(record, ['_M_dataplus', '_M_p'], bytes);
  const length = wordAt(record, ['_M_string_length'], bytes);
  if (data === null || length === null || length.value > BigInt(longest)) return null;
  if (length.value === 0n) return '';
  const text = memory.read(data.value, Number(length.value));
  return text === null ? null : new TextDecoder().decode(text);
}

function decodeVector(record: RecordType, bytes: Uint8Array, with_: Decoding, decodeOne: typeof decode): Json | null {
  const start = wordAt(record, ['_M_impl', '_M_start'], bytes);
  const finish = wordAt(record, ['_M_impl', '_M_finish'], bytes);
  const element = start === null ? null : strip(start.type);
  if (start === null || finish === null || element === null || element.kind !== 'pointer') return null;
  const size = sizeOf(element.target) ?? 0;
  const length = size === 0 ? 0 : Number(finish.value - start.value) / size;
  if (!Number.isInteger(length) || length < 0) return null;
  const shown = Math.min(length, with_.elements);
  if (shown === 0) return [];
  const memory = with_.memory.read(start.value, shown * size);
  if (memory === null) return null;
  const values = Array.from({ length: shown }, (_, n) =>
    decodeOne(element.target, memory.subarray(n * size, (n + 1) * size), with_),
  );
  return length > shown ? [...values, `... ${length - shown} more`] : values;
}

interface Word {
  readonly type: DebugType;
  readonly value: bigint;
}

/** The word that a chain of fields leads to, through bases. */
function wordAt(record: RecordType, path: readonly string[], bytes: Uint8Array): Word | null {
  let type: DebugType = record;
  let at = 0;
  for (const name of path) {
    const found: { type: DebugType; offset: number } | null = findIn(strip(type), name);
    if (found === null) return null;
    type = found.type;
    at += found.offset;
  }
  if (at + 8 > bytes.length) return null;
  return { type, value: new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true) };
}

function findIn(type: DebugType, name: string): { type: DebugType; offset: number } | null {
  if (type.kind !== 'record') return null;
  const field = type.fields.find((one) => one.name === name);
  if (field !== undefined) return { type: field.type, offset: field.offset };
  for (const base of type.bases) {
    const found = base.offset === null ? null : findIn(strip(base.type), name);
    if (found !== null) return { type: found.type, offset: found.offset + (base.offset ?? 0) };
  }
  return null;
}
