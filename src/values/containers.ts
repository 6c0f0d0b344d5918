import { sizeOf } from '../debuginfo/size-of.js';
import type { RecordType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';
import { strip } from '../layout/strip.js';
import { list } from './elements.js';
import { decodeNodes } from './nodes.js';
import { childOf, findPointer, type Part, wordOf } from './parts.js';
import { characterSize, longestText, textOf } from './text.js';
import type { Decode, Decoding } from './types.js';

/** What stands where memory could not be read. */
export const unreadable = 'unreadable';

/**
 * Objects of the C++ library as what they stand for, by the fields of libstdc++; undefined for anything else, and for
 * what looks damaged, which is then shown as the struct that it is.
 */
export function decodeContainer(
  record: RecordType,
  bytes: Uint8Array,
  with_: Decoding,
  decodeOne: Decode,
): Json | undefined {
  if (record.scope[0] !== 'std' || record.name === null) return undefined;
  const whole: Part = { type: record, bytes };
  const shown = (part: Part | null): Json | undefined =>
    part === null ? undefined : decodeOne(part.type, part.bytes, with_);
  switch (/^\w+/.exec(record.name)?.[0]) {
    case 'basic_string':
      return decodeText(childOf(whole, '_M_dataplus', '_M_p'), childOf(whole, '_M_string_length'), with_);
    case 'basic_string_view':
      return decodeText(childOf(whole, '_M_str'), childOf(whole, '_M_len'), with_);
    case 'vector':
      return decodeVector(whole, with_, decodeOne) ?? decodeBits(whole, with_);
    case 'array':
      return shown(childOf(whole, '_M_elems'));
    case 'atomic':
      return shown(childOf(whole, '_M_i') ?? childOf(whole, '_M_base', '_M_i') ?? childOf(whole, '_M_fp'));
    case 'unique_ptr':
      return shown(pointerIn(childOf(whole, '_M_t', '_M_t')));
    case 'shared_ptr':
    case 'weak_ptr':
      return shown(childOf(whole, '_M_ptr'));
    case 'optional':
      return decodeOptional(whole, with_, decodeOne);
    default:
      return decodeNodes(record, whole, with_, decodeOne);
  }
}

/** Longer than any text that somebody keeps in a string to look at it; a damaged length is mostly beyond it. */
const longestString = 1n << 32n;

function decodeText(data: Part | null, length: Part | null, { memory, elements }: Decoding): Json | undefined {
  const [start, count] = [wordOf(data), wordOf(length)];
  const pointer = data === null ? null : strip(data.type);
  const unit = pointer?.kind === 'pointer' ? characterSize(pointer.target) : null;
  if (start === null || count === null || unit === null || count > longestString) return undefined;
  if (count === 0n) return '';
  const most = Math.max(longestText, elements);
  const size = Number(count) * unit;
  const text = memory.read(start, Math.min(size, most + unit));
  return text === null ? unreadable : textOf(text, unit, most);
}

function decodeVector(whole: Part, with_: Decoding, decodeOne: Decode): Json | undefined {
  const first = childOf(whole, '_M_impl', '_M_start');
  const [start, finish] = [wordOf(first), wordOf(childOf(whole, '_M_impl', '_M_finish'))];
  const pointer = first === null ? null : strip(first.type);
  if (start === null || finish === null || pointer?.kind !== 'pointer') return undefined;
  const size = sizeOf(pointer.target) ?? 0;
  const length = size === 0 ? 0 : Number(finish - start) / size;
  if (!Number.isSafeInteger(length) || length < 0) return undefined;
  const shown = Math.min(length, with_.elements);
  if (shown === 0) return list(length, 0, () => null);
  const memory = with_.memory.read(start, shown * size);
  if (memory === null) return unreadable;
  return list(length, with_.elements, (n) =>
    decodeOne(pointer.target, memory.subarray(n * size, (n + 1) * size), with_),
  );
}

/** `std::vector<bool>`: whole words from the start to the finish, and some bits of the last one. */
function decodeBits(whole: Part, { memory, elements }: Decoding): Json | undefined {
  const start = wordOf(childOf(whole, '_M_impl', '_M_start', '_M_p'));
  const finish = wordOf(childOf(whole, '_M_impl', '_M_finish', '_M_p'));
  const offset = wordOf(childOf(whole, '_M_impl', '_M_finish', '_M_offset'));
  if (start === null || finish === null || offset === null || finish < start) return undefined;
  const length = Number((finish - start) * 8n + offset);
  if (length === 0) return [];
  const bits = memory.read(start, Math.ceil(Math.min(length, elements) / 8));
  if (bits === null) return unreadable;
  return list(length, elements, (n) => (((bits[n >> 3] ?? 0) >> (n & 7)) & 1) === 1);
}

function decodeOptional(whole: Part, with_: Decoding, decodeOne: Decode): Json | undefined {
  const engaged = childOf(whole, '_M_payload', '_M_engaged');
  const value = childOf(whole, '_M_payload', '_M_payload', '_M_value');
  if (engaged === null || value === null) return undefined;
  return engaged.bytes[0] === 0 ? null : decodeOne(value.type, value.bytes, with_);
}

function pointerIn(part: Part | null): Part | null {
  const found = part === null ? null : findPointer(part.type);
  return part === null || found === null ? null : { type: found.type, bytes: part.bytes.subarray(found.offset) };
}
