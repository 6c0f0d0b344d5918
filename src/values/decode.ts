import { sizeOf } from '../debuginfo/size-of.js';
import type { ArrayType, BaseType, DebugType, EnumType, PointerType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import type { Json } from '../report/cases/types.js';
import { decodeContainer } from './containers.js';
import type { Memory } from './memory.js';
import type { BitPlace } from './resolve.js';

export interface DecodeOptions {
  /** Elements of an array before the rest is only counted. */
  readonly elements: number;
  /** Pointers in a row that are followed; 0 shows addresses. Texts behind `char *` are always shown. */
  readonly follow: number;
}

/** What every part of a value is decoded with. */
export interface Decoding extends DecodeOptions {
  readonly memory: Memory;
}

const longestText = 256;

/**
 * The value of an object as plain data: numbers (whole ones beyond 2^53 as text, so that no digit is lost; NaN and
 * infinities as text), enumerators by name, char arrays as text, pointers as null or an address, structs as objects.
 */
export function decode(type: DebugType, bytes: Uint8Array, with_: Decoding, bits: BitPlace | null = null): Json {
  const plain = strip(type);
  switch (plain.kind) {
    case 'base':
      return decodeBase(plain, bytes, bits);
    case 'enum':
      return decodeEnum(plain, bytes, bits);
    case 'pointer':
      return decodePointer(plain, bytes, with_);
    case 'array':
      return decodeArray(plain, bytes, with_);
    case 'record':
      return decodeContainer(plain, bytes, with_, decode) ?? decodeRecord(plain, bytes, with_);
    case 'unspecified':
      return null;
    case 'void':
    case 'function':
      return null;
    default: {
      const unknown: never = plain;
      throw new Error(`decode: ${JSON.stringify(unknown)}`);
    }
  }
}

function decodeBase(type: BaseType, bytes: Uint8Array, bits: BitPlace | null): Json {
  if (bytes.length < Math.min(type.size, bits === null ? type.size : 1)) return null;
  switch (type.encoding) {
    case 'boolean':
      return readInteger(bytes, type.size, false, bits) !== 0n;
    case 'float':
      return shownFloat(readFloat(bytes, type.size));
    case 'complex':
      return [
        shownFloat(readFloat(bytes, type.size / 2)),
        shownFloat(readFloat(bytes.subarray(type.size / 2), type.size / 2)),
      ];
    case 'signed':
    case 'character':
      return shownInteger(readInteger(bytes, type.size, true, bits));
    default:
      return shownInteger(readInteger(bytes, type.size, false, bits));
  }
}

function decodeEnum(type: EnumType, bytes: Uint8Array, bits: BitPlace | null): Json {
  const value = readInteger(bytes, type.size, type.signed, bits);
  return type.members.find((member) => member.value === value)?.name ?? shownInteger(value);
}

/** Little-endian, of any width; a bit-field begins at any bit. */
export function readInteger(bytes: Uint8Array, size: number, signed: boolean, bits: BitPlace | null): bigint {
  const count = bits === null ? size : Math.ceil((bits.first + bits.size) / 8);
  let value = 0n;
  for (let n = Math.min(count, bytes.length) - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[n] ?? 0);
  const width = bits === null ? size * 8 : bits.size;
  if (bits !== null) value = (value >> BigInt(bits.first)) & ((1n << BigInt(bits.size)) - 1n);
  return signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

function shownInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function readFloat(bytes: Uint8Array, size: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 4) return shortest(view.getFloat32(0, true));
  if (size === 8) return view.getFloat64(0, true);
  if (size === 16) return readExtended(view);
  return Number.NaN;
}

/** A float as the shortest number that is the same float: 0.1f is 0.1 and not 0.10000000149011612. */
function shortest(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return text;
  }
  return value;
}

/** The x87 format: 64 bits of mantissa with its leading one, 15 of exponent, a sign (Intel SDM volume 1, 4.2.2). */
function readExtended(view: DataView): number {
  const mantissa = view.getBigUint64(0, true);
  const top = view.getUint16(8, true);
  const exponent = top & 0x7fff;
  const sign = top >= 0x8000 ? -1 : 1;
  if (exponent === 0x7fff) return (mantissa << 1n) % 2n ** 64n === 0n ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * Number(mantissa) * 2 ** (exponent - 16383 - 63);
}

function shownFloat(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}

function decodePointer(type: PointerType, bytes: Uint8Array, with_: Decoding): Json {
  const address = readInteger(bytes, Math.min(type.size, 8), false, null);
  if (address === 0n) return null;
  const target = strip(type.target);
  if (isCharacter(target)) {
    const text = readText(address, with_.memory);
    if (text !== null) return text;
  }
  const size = sizeOf(target);
  if (with_.follow > 0 && size !== null && size > 0) {
    const behind = with_.memory.read(address, size);
    if (behind !== null) return decode(target, behind, { ...with_, follow: with_.follow - 1 });
  }
  return `0x${address.toString(16)}`;
}

/** In pieces, because nobody knows how long it is, and what follows may not be readable. */
function readText(address: bigint, memory: Memory): string | null {
  const piece = 64;
  const parts: Uint8Array[] = [];
  for (let read = 0; read < longestText; read += piece) {
    const bytes = memory.read(address + BigInt(read), piece) ?? shorter(address + BigInt(read), piece, memory);
    if (bytes === null) return parts.length === 0 ? null : text(join(parts));
    parts.push(bytes);
    if (bytes.includes(0)) break;
  }
  return text(join(parts));
}

/** Up to the end of the page, behind which there may be nothing. */
function shorter(address: bigint, size: number, memory: Memory): Uint8Array | null {
  const left = Number(4096n - (address % 4096n));
  return left < size ? memory.read(address, left) : null;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function decodeArray(type: ArrayType, bytes: Uint8Array, with_: Decoding): Json {
  const [count = null, ...rest] = type.dimensions;
  const element = strip(type.element);
  if (rest.length === 0 && isCharacter(element)) return text(bytes);
  const row: DebugType =
    rest.length === 0
      ? type.element
      : {
          kind: 'array',
          element: type.element,
          dimensions: rest,
          vector: false,
          size: rest.reduce<number | null>((all, n) => (all === null || n === null ? null : all * n), sizeOf(element)),
        };
  const stride = sizeOf(row) ?? 0;
  const length = count ?? (stride > 0 ? Math.floor(bytes.length / stride) : 0);
  const shown = Math.min(length, with_.elements);
  const values: Json[] = [];
  for (let n = 0; n < shown; n++) values.push(decode(row, bytes.subarray(n * stride, (n + 1) * stride), with_));
  return length > shown ? [...values, `... ${length - shown} more`] : values;
}

function decodeRecord(record: RecordType, bytes: Uint8Array, with_: Decoding): Json {
  const values: Record<string, Json> = {};
  for (const base of record.bases) {
    const plain = strip(base.type);
    if (base.offset === null || plain.kind !== 'record') continue;
    Object.assign(values, decodeRecord(plain, bytes.subarray(base.offset, base.offset + plain.size), with_));
  }
  for (const field of record.fields) {
    const plain = strip(field.type);
    const size = sizeOf(plain) ?? Math.max(bytes.length - field.offset, 0);
    const inside = bytes.subarray(field.offset, field.bitSize === null ? field.offset + size : undefined);
    if (field.name === '' && plain.kind === 'record') {
      Object.assign(values, decodeRecord(plain, inside, with_));
      continue;
    }
    const bits = field.bitSize === null ? null : { size: field.bitSize, first: field.bitOffset - field.offset * 8 };
    values[field.name] = decode(plain, inside, with_, bits);
  }
  return values;
}

/** Plain `char`; `unsigned char` and `int8_t` are numbers to most who write them, but debug information knows only char. */
function isCharacter(type: DebugType): boolean {
  return type.kind === 'base' && type.size === 1 && type.encoding === 'character' && type.name === 'char';
}

/** Up to the NUL; bytes that are no UTF-8 are shown as `\xNN`. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const part = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(part);
  } catch {
    return [...part]
      .map((byte) =>
        byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
      )
      .join('');
  }
}
