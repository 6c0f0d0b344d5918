import type { Random } from './random.js';

/** Bytes of a file, the end not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is worth damaging in a file. */
export interface Targets {
  /** Debug sections and their relocations. */
  readonly sections: readonly ByteRange[];
  /** Tables that say where everything is: section headers, load commands. */
  readonly tables: readonly ByteRange[];
}

export interface Damaged {
  readonly bytes: Uint8Array;
  /** What was done, for a finding. */
  readonly what: string;
}

/** One to three injuries, most of them to what describes types. The file itself is left as it is. */
export function damage(original: Uint8Array, targets: Targets, random: Random): Damaged {
  let bytes: Uint8Array = original.slice();
  const done: string[] = [];
  const times = 1 + random.below(1 + random.below(3));
  for (let time = 0; time < times; time++) {
    const [name, injure] = random.pick(injuries);
    const where = !random.once(10) && bytes.length === original.length ? pickRange(targets, random) : all(bytes);
    if (where.end - where.start < 1 || where.end > bytes.length) continue;
    bytes = injure(bytes, where, random);
    done.push(`${name} in ${where.start}..${where.end}`);
  }
  return { bytes, what: done.join(', ') };
}

type Injure = (bytes: Uint8Array, where: ByteRange, random: Random) => Uint8Array;

const injuries: readonly (readonly [string, Injure])[] = [
  ['bits flipped', flipBits],
  ['bytes changed', changeBytes],
  ['bytes changed', changeBytes],
  ['a number changed', changeNumber],
  ['a number changed', changeNumber],
  ['an endless LEB128 number', growLeb],
  ['a piece copied', copyPiece],
  ['a piece cleared', clearPiece],
  ['a byte put in', putIn],
  ['a byte taken out', takeOut],
  ['cut off', cutOff],
];

function pickRange({ sections, tables }: Targets, random: Random): ByteRange {
  const from = tables.length > 0 && random.once(7) ? tables : sections;
  return from.length === 0 ? { start: 0, end: 0 } : random.pick(from);
}

function all(bytes: Uint8Array): ByteRange {
  return { start: 0, end: bytes.length };
}

function placeIn({ start, end }: ByteRange, random: Random): number {
  // Lengths, versions and tables of contents stand at the beginning.
  const span = random.once(3) ? Math.min(end - start, 64) : end - start;
  return start + random.below(span);
}

function flipBits(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = placeIn(where, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}

function changeBytes(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  for (let count = 1 + random.below(4); count > 0; count--) {
    // Codes, tags, attributes and forms are small numbers.
    bytes[placeIn(where, random)] = random.once(2) ? random.below(0x50) : random.below(256);
  }
  return bytes;
}

const edges = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xfffffff0n, 0xffffffffn, 2n ** 53n];
const wideEdges = [...edges, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

function changeNumber(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const size = random.pick([2, 4, 4, 4, 8] as const);
  const at = placeIn(where, random);
  if (at + size > bytes.length) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const near = BigInt(random.below(where.end - where.start));
  const value = random.once(2) ? near : random.pick(wideEdges);
  if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  return bytes;
}

function growLeb(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const at = placeIn(where, random);
  const length = Math.min(random.pick([1, 4, 9, 10, 40, 4096]), where.end - at);
  return bytes.fill(random.pick([0x80, 0xff]), at, at + length);
}

function copyPiece(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const [from, to] = [placeIn(where, random), placeIn(where, random)];
  const length = Math.min(1 + random.below(64), where.end - Math.max(from, to));
  return bytes.copyWithin(to, from, from + length);
}

function clearPiece(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const at = placeIn(where, random);
  return bytes.fill(0, at, Math.min(at + random.pick([1, 4, 32, 1 << 20]), where.end));
}

/** What follows in the section moves by one; the section keeps its size. */
function putIn(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const at = placeIn(where, random);
  bytes.copyWithin(at + 1, at, where.end - 1);
  bytes[at] = random.below(256);
  return bytes;
}

function takeOut(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  const at = placeIn(where, random);
  return bytes.copyWithin(at, at + 1, where.end);
}

function cutOff(bytes: Uint8Array, where: ByteRange, random: Random): Uint8Array {
  return bytes.slice(0, placeIn(where, random));
}
