import type { DebugType } from '../debuginfo/types.js';
import type { Memory } from './memory.js';

/** Bytes of a text that are shown where nobody asks for more. */
export const longestText = 256;

/**
 * Plain `char`, signed or not. `unsigned char` and `int8_t` are numbers to most who write them; debug information tells
 * them apart from text by the name alone.
 */
export function isCharacter(type: DebugType): boolean {
  return type.kind === 'base' && type.size === 1 && (type.name === 'char' || type.name === 'char8_t');
}

/**
 * Bytes of a character whose arrays are text: `char`, `char16_t`, `char32_t`, `wchar_t`; null for everything else. In C
 * the wide ones are typedefs of integers, so the names on the way count.
 */
export function characterSize(type: DebugType): 1 | 2 | 4 | null {
  let isWide = false;
  let plain = type;
  for (; plain.kind === 'typedef' || plain.kind === 'qualified'; plain = plain.target) {
    if (plain.kind === 'typedef') isWide ||= wideNames.has(plain.name);
  }
  if (isCharacter(plain)) return 1;
  if (plain.kind !== 'base' || !(isWide || wideNames.has(plain.name))) return null;
  return plain.size === 2 || plain.size === 4 ? plain.size : null;
}

const wideNames: ReadonlySet<string> = new Set(['char16_t', 'char32_t', 'wchar_t']);

/** The text of an array of characters, up to the NUL. Of more than `most` bytes only the beginning is shown. */
export function textOfArray(bytes: Uint8Array, unit: 1 | 2 | 4, most: number): string {
  const end = endOf(bytes, unit);
  return textOf(bytes.subarray(0, end), unit, most);
}

/** All of the bytes as text. What is no UTF-8 is shown byte by byte, `\xNN` where it is not ASCII. */
export function textOf(bytes: Uint8Array, unit: 1 | 2 | 4, most: number): string {
  const isCut = bytes.length > most;
  const part = isCut ? bytes.subarray(0, most - (most % unit)) : bytes;
  return `${unit === 1 ? utf8(part, isCut) : wide(part, unit)}${isCut ? '...' : ''}`;
}

/** The text behind a pointer; null where nothing can be read, or nothing was read yet. */
export function textBehind(address: bigint, memory: Memory): string | null {
  const piece = 64;
  const parts: Uint8Array[] = [];
  // In pieces, because nobody knows how long it is, and what follows may not be readable.
  for (let read = 0; read <= longestText; read += piece) {
    const from = address + BigInt(read);
    const bytes = memory.read(from, piece) ?? upToPageEnd(from, piece, memory);
    if (bytes === null) break;
    parts.push(bytes);
    if (bytes.includes(0)) break;
  }
  return parts.length === 0 ? null : textOfArray(join(parts), 1, longestText);
}

/** Behind the end of a page there may be nothing. */
function upToPageEnd(address: bigint, size: number, memory: Memory): Uint8Array | null {
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

function endOf(bytes: Uint8Array, unit: 1 | 2 | 4): number {
  for (let at = 0; at + unit <= bytes.length; at += unit) {
    if (bytes.subarray(at, at + unit).every((byte) => byte === 0)) return at;
  }
  return bytes.length - (bytes.length % unit);
}

/** @param isCut whether the last character may be there in part only. */
function utf8(bytes: Uint8Array, isCut: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return [...bytes].map(escaped).join('');
  }
}

function escaped(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}

function wide(bytes: Uint8Array, unit: 2 | 4): string {
  if (unit === 2) return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, true);
    text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
}
