import type { BaseType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';
import type { BitPlace, LongDouble } from './types.js';

/** Little-endian, of any width; a bit-field begins at any bit. */
export function readInteger(bytes: Uint8Array, size: number, signed: boolean, bits: BitPlace | null): bigint {
  const count = bits === null ? size : Math.ceil((bits.first + bits.size) / 8);
  let value = 0n;
  for (let n = Math.min(count, bytes.length) - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[n] ?? 0);
  const width = bits === null ? size * 8 : bits.size;
  if (bits !== null) value >>= BigInt(bits.first);
  return signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** A number where it is exact, its digits as text beyond 2^53. */
export function shownInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/**
 * A floating-point number of any format. What a number of JSON cannot hold is text: NaN, infinities, and values of long
 * double beyond the range of double, rounded to ten digits.
 */
export function shownFloat(
  { name, size }: Pick<BaseType, 'name' | 'size'>,
  bytes: Uint8Array,
  format: LongDouble,
): Json {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) return shown(readHalf(view.getUint16(0, true), name));
  if (size === 4) return shown(shortest(view.getFloat32(0, true)));
  if (size === 8) return shown(view.getFloat64(0, true));
  if (size !== 16) return null;
  const isQuad = format === 'binary128' || /float128/i.test(name);
  return isQuad ? readQuad(view) : readExtended(view);
}

function shown(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
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

/** IEEE 754 binary16, or the upper half of a float (`__bf16`). */
function readHalf(raw: number, name: string): number {
  if (name === '__bf16') {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint16(2, raw, true);
    return view.getFloat32(0, true);
  }
  const sign = raw >= 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(raw >> 10) & 0x1f, raw & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The x87 format: 64 bits of mantissa with its leading one, 15 of exponent, a sign (Intel SDM volume 1, 4.2.2). */
function readExtended(view: DataView): Json {
  const mantissa = view.getBigUint64(0, true);
  const top = view.getUint16(8, true);
  const exponent = top & 0x7fff;
  const sign = top >= 0x8000 ? -1 : 1;
  if (exponent === 0x7fff) return BigInt.asUintN(63, mantissa) === 0n ? String(sign * Number.POSITIVE_INFINITY) : 'NaN';
  return scaled(sign, mantissa, Math.max(exponent, 1) - 16383 - 63);
}

/** IEEE 754 binary128: 112 bits of fraction, 15 of exponent, a sign. */
function readQuad(view: DataView): Json {
  const top = view.getBigUint64(8, true);
  const fraction = (BigInt.asUintN(48, top) << 64n) | view.getBigUint64(0, true);
  const exponent = Number((top >> 48n) & 0x7fffn);
  const sign = top >> 63n === 1n ? -1 : 1;
  if (exponent === 0x7fff) return fraction === 0n ? String(sign * Number.POSITIVE_INFINITY) : 'NaN';
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 112n);
  return scaled(sign, mantissa, Math.max(exponent, 1) - 16383 - 112);
}

function scaled(sign: number, mantissa: bigint, exponent: number): Json {
  // In two steps, because 2 ** exponent alone may be out of range where the product is not.
  const half = Math.trunc(exponent / 2);
  const value = sign * Number(mantissa) * 2 ** half * 2 ** (exponent - half);
  if (mantissa === 0n || (Number.isFinite(value) && value !== 0)) return value;
  const magnitude = Math.log10(Number(mantissa)) + exponent * Math.log10(2);
  const digits = (10 ** (magnitude - Math.floor(magnitude))).toPrecision(10);
  return `${sign < 0 ? '-' : ''}${digits}e${Math.floor(magnitude)}`;
}
