import { sizeOf } from '../debuginfo/size-of.js';
import type { ArrayType, BaseType, DebugType, EnumType, Field, PointerType, RecordType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';
import { rowsOf } from '../layout/rows.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { decodeContainer } from './containers.js';
import { list } from './elements.js';
import { readInteger, shownFloat, shownInteger } from './numbers.js';
import { characterSize, isCharacter, longestText, textBehind, textOfArray } from './text.js';
import type { BitPlace, Decoding } from './types.js';

/**
 * The value of an object as plain data. Whole numbers are exact: numbers up to 2^53, text beyond. NaN and infinities are
 * text, enumerators their names, char arrays text up to the NUL, pointers null or an address, structs objects with the
 * fields of anonymous members and bases among their own, unions all of their members. What lies behind pointers is asked
 * of `memory`; where that has not got it yet, an address or `unreadable` stands for it.
 */
export function decode(type: DebugType, bytes: Uint8Array, with_: Decoding, bits: BitPlace | null = null): Json {
  const plain = strip(type);
  switch (plain.kind) {
    case 'base':
      return decodeBase(plain, bytes, with_, bits);
    case 'enum':
      return decodeEnum(plain, bytes, bits);
    case 'pointer':
      return decodePointer(plain, bytes, with_);
    case 'array':
      return decodeArray(plain, bytes, with_);
    case 'record': {
      const known = decodeContainer(plain, bytes, with_, decode);
      return known === undefined ? decodeRecord(plain, bytes, with_) : known;
    }
    case 'unspecified':
    case 'void':
    case 'function':
      return null;
    default: {
      const unknown: never = plain;
      throw new Error(`decode: ${JSON.stringify(unknown)}`);
    }
  }
}

function decodeBase(type: BaseType, bytes: Uint8Array, with_: Decoding, bits: BitPlace | null): Json {
  const { size, encoding, name } = type;
  if (bytes.length < (bits === null ? size : Math.ceil((bits.first + bits.size) / 8))) return null;
  const format = with_.longDouble ?? 'x87';
  switch (encoding) {
    case 'boolean':
      return readInteger(bytes, size, false, bits) !== 0n;
    case 'float':
      return shownFloat(type, bytes, format);
    case 'complex': {
      const half = { name, size: size / 2 };
      return [shownFloat(half, bytes, format), shownFloat(half, bytes.subarray(half.size), format)];
    }
    case 'signed':
    case 'character':
      return shownInteger(readInteger(bytes, size, true, bits));
    default:
      return shownInteger(readInteger(bytes, size, false, bits));
  }
}

/** By name; flags that were combined, and values without a name, by number. */
function decodeEnum(type: EnumType, bytes: Uint8Array, bits: BitPlace | null): Json {
  if (bytes.length < (bits === null ? type.size : 1)) return null;
  const value = readInteger(bytes, type.size, type.signed, bits);
  return type.members.find((member) => member.value === value)?.name ?? shownInteger(value);
}

function decodePointer(type: PointerType, bytes: Uint8Array, with_: Decoding): Json {
  if (bytes.length < type.size) return null;
  const target = strip(type.target);
  if (type.form === 'memberPointer' && target.kind !== 'function') {
    // The offset of a field; 0 is the first, and -1 stands for none (Itanium C++ ABI, 2.3).
    const offset = readInteger(bytes, type.size, true, null);
    return offset === -1n ? null : shownInteger(offset);
  }
  const address = readInteger(bytes, Math.min(type.size, 8), false, null);
  if (address === 0n) return null;
  if (isCharacter(target)) {
    const text = textBehind(address, with_.memory);
    if (text !== null) return text;
  }
  const size = sizeOf(target);
  if (with_.follow > 0 && size !== null && size > 0) {
    const behind = with_.memory.read(address, size);
    if (behind !== null) return decode(target, behind, { ...with_, follow: with_.follow - 1 });
  }
  return `0x${address.toString(16)}`;
}

function decodeArray(type: ArrayType, bytes: Uint8Array, with_: Decoding): Json {
  const character = characterSize(type.element);
  if (type.dimensions.length <= 1 && character !== null) {
    return textOfArray(bytes, character, Math.max(longestText, with_.elements));
  }
  const { count, element: row } = rowsOf(type);
  const stride = sizeOf(row) ?? 0;
  const length = count ?? (stride > 0 ? Math.floor(bytes.length / stride) : 0);
  return list(length, with_.elements, (n) => decode(row, bytes.subarray(n * stride, (n + 1) * stride), with_));
}

function decodeRecord(record: RecordType, bytes: Uint8Array, with_: Decoding): Json {
  return Object.fromEntries(membersOf(record, bytes, with_));
}

/** Names and values in the order of the declaration, bases first. */
function membersOf(record: RecordType, bytes: Uint8Array, with_: Decoding): ReadonlyMap<string, Json> {
  const members = new Map<string, Json>();
  const own = new Set(record.fields.map((field) => field.name));
  for (const { type, offset } of record.bases) {
    const plain = strip(type);
    if (plain.kind !== 'record') continue;
    if (offset === null) {
      members.set(typeName(plain), 'a virtual base');
      continue;
    }
    for (const [name, value] of membersOf(plain, bytes.subarray(offset, offset + plain.size), with_)) {
      // A field of a base that another one hides is still there.
      members.set(own.has(name) || members.has(name) ? `${typeName(plain)}::${name}` : name, value);
    }
  }
  for (const field of record.fields) {
    const plain = strip(field.type);
    const inside = bytesOf(field, bytes);
    if (field.name !== '') {
      const bits = field.bitSize === null ? null : { size: field.bitSize, first: field.bitOffset - field.offset * 8 };
      members.set(field.name, decode(plain, inside, with_, bits));
    } else if (plain.kind === 'record') {
      for (const [name, value] of membersOf(plain, inside, with_)) members.set(name, value);
    }
  }
  return members;
}

/** A flexible array takes all that is left; a bit-field may reach beyond the size of its type. */
function bytesOf(field: Field, bytes: Uint8Array): Uint8Array {
  const size = field.bitSize === null ? sizeOf(field.type) : null;
  return bytes.subarray(field.offset, size === null ? undefined : field.offset + size);
}
