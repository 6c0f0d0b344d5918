import type { LoadedImage } from './loaded-image.js';

/** What one check found: how often, and the bits and the element of the first. */
export interface RunFinding {
  count: number;
  readonly value: bigint;
  readonly round: number;
}

export interface RunResult {
  readonly findings: ReadonlyMap<number, RunFinding>;
  /** A pointer into the old image's constants was kept. */
  readonly keepsOld: boolean;
}

/**
 * Carries a plan out on two images, as `host/engine/plan.h` says, slowly and by the letter: a second opinion that needs no
 * engine. Words on the heap (PLAN_FIX) are left alone.
 */
export function runPlan(bytes: Uint8Array, old: LoadedImage, now: LoadedImage): RunResult {
  const plan = decode(bytes);
  const findings = new Map<number, RunFinding>();
  const [source, target] = [viewOf(old.memory), viewOf(now.memory)];
  let keepsOld = false;

  const count = (check: number, value: bigint, round: number): void => {
    if (check === 0xffffffff) return;
    const known = findings.get(check);
    if (known === undefined) findings.set(check, { count: 1, value, round });
    else known.count++;
  };

  const run = (from: number, to: number, fromShift: number, toShift: number, round: number): void => {
    for (let n = from; n < to; ) {
      const operation = plan.operations[n];
      if (operation === undefined) throw new Error('the plan ends inside a body');
      const next = n + 1 + operation.body;
      if (next > to) throw new Error('a body reaches beyond the one around it');
      step(operation, n, fromShift, toShift, round);
      n = next;
    }
  };

  const step = (operation: Operation, index: number, fromShift: number, toShift: number, round: number): void => {
    const [from, to] = [operation.from + fromShift, operation.to + toShift];
    const inner = index + 1;
    switch (operation.code) {
      case 1:
        now.memory.set(old.memory.subarray(from, from + operation.count), to);
        return;
      case 2:
        convert(operation, from, to, round);
        return;
      case 3:
        for (let n = 0; n < operation.count; n++) {
          run(inner, inner + operation.body, fromShift + n * operation.a, toShift + n * operation.b, n);
        }
        return;
      case 4:
      case 5:
        for (let n = 0; n < operation.count; n++)
          pointer(operation, from + n * 8, to + n * 8, operation.count > 1 ? n : round);
        return;
      case 6:
        enumeration(operation, from, to, round);
        return;
      case 7:
        for (let n = 0; n < operation.count; n++) {
          const byte = old.memory[from + n] ?? 0;
          if (byte !== 0) {
            count(operation.check, BigInt(byte), round);
            return;
          }
        }
        return;
      case 8: {
        const live = old.memory.subarray(from, from + operation.count);
        if (live.every((byte, n) => byte === old.initial[from + n])) return;
        count(operation.check, 0n, round);
        run(inner, inner + operation.body, fromShift, toShift, round);
        return;
      }
      case 9:
      case 10:
      case 12:
        return;
      case 13:
        for (let n = 0; n < operation.count; n++) {
          const word = source.getBigUint64(from + n * 8, true);
          if (isInside(word)) count(operation.check, word - BigInt(old.base), round);
        }
        return;
      case 11:
        for (let n = 0; n < operation.count; n++) {
          const word = source.getBigUint64(from + n * 8, true);
          if (word !== 0n && !isInside(word)) count(operation.check, word, round);
        }
        return;
      default:
        throw new Error(`unknown operation ${operation.code}`);
    }
  };

  const isInside = (word: bigint): boolean => word >= BigInt(old.base) && word < BigInt(old.base + plan.oldSize);

  const pointer = ({ code, type, check }: Operation, from: number, to: number, round: number): void => {
    const word = source.getBigUint64(from, true);
    if (!isInside(word)) return target.setBigUint64(to, word, true);
    const address = Number(word) - old.base;
    const found = plan.find(address, type);
    if (found === 'constant') {
      keepsOld = true;
      return target.setBigUint64(to, word, true);
    }
    if (found !== null) return target.setBigUint64(to, BigInt(now.base + found), true);
    if (code === 5) return target.setBigUint64(to, word, true);
    count(check, BigInt(address), round);
    target.setBigUint64(to, 0n, true);
  };

  const convert = ({ a, b, check }: Operation, from: number, to: number, round: number): void => {
    const [before, after] = [kindOf(a), kindOf(b)];
    const value = readNumber(source, from, before);
    const { fits, result } = squeeze(value, after);
    if (!fits) count(check, bitsOf(value), round);
    writeNumber(target, to, after, result);
  };

  const enumeration = (
    { a, b, type, count: pairs, flags, check }: Operation,
    from: number,
    to: number,
    round: number,
  ): void => {
    const value = readNumber(source, from, kindOf(a));
    const pair = plan.values.slice(type, type + pairs).find((one) => one.from === value);
    if (pair === undefined && (flags & 1) !== 0) count(check, bitsOf(value), round);
    const after = kindOf(b);
    writeNumber(target, to, after, pair?.to ?? value);
  };

  run(0, plan.operations.length, 0, 0, 0);
  return { findings, keepsOld };
}

interface Operation {
  readonly code: number;
  readonly flags: number;
  readonly check: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly body: number;
  readonly type: number;
}

interface Piece {
  readonly from: number;
  readonly fromStride: number;
  readonly to: number;
  readonly toStride: number;
  readonly length: number;
  readonly count: number;
  readonly type: number;
  readonly element: number;
}

export interface DecodedPlan {
  readonly operations: readonly Operation[];
  readonly pieces: readonly Piece[];
  readonly starts: readonly Piece[];
  readonly values: readonly { readonly from: bigint; readonly to: bigint }[];
  readonly oldSize: number;
  /** The counterpart of an old address for a pointer of a class; null where there is none. */
  find(address: number, type: number): number | 'constant' | null;
}

export function decode(bytes: Uint8Array): DecodedPlan {
  const view = viewOf(bytes);
  let at = 0;
  const skip = (size: number): number => {
    at += size;
    return at - size;
  };
  const u16 = (): number => view.getUint16(skip(2), true);
  const u32 = (): number => view.getUint32(skip(4), true);
  const u64 = (): number => Number(view.getBigUint64(skip(8), true));
  const many = <T>(count: number, read: () => T): readonly T[] => Array.from({ length: count }, read);

  if (u32() !== 0x50544d48 || u32() !== 1) throw new Error('not a plan of version 1');
  const counts = { operations: u32(), pieces: u32(), strided: u32(), starts: u32(), functions: u32() };
  const [constantCount, valueCount] = [u32(), u32()];
  u32();
  const oldSize = u64();
  const operations = many(counts.operations, (): Operation => {
    const head = { code: u16(), flags: u16(), check: u32(), from: u64(), to: u64(), count: u64(), a: u64(), b: u64() };
    const tail = { body: u32(), type: u32() };
    u64();
    return { ...head, ...tail };
  });
  const piece = (): Piece => ({
    from: u64(),
    fromStride: u64(),
    to: u64(),
    toStride: u64(),
    length: u64(),
    count: u64(),
    type: u32(),
    element: u32(),
  });
  const pieces = many(counts.pieces, piece);
  const starts = many(counts.starts, piece);
  const functions = new Map(many(counts.functions, () => [u64(), u64()] as const));
  const constants = many(constantCount, () => ({ from: u64(), length: u64() }));
  const values = many(valueCount, () => {
    const pair = { from: view.getBigInt64(at, true), to: view.getBigInt64(at + 8, true) };
    at += 16;
    return pair;
  });
  if (at !== bytes.length) throw new Error('the plan has another length than its header says');
  checkOrder(pieces, counts.strided, functions);

  const find = (address: number, type: number): number | 'constant' | null => {
    const code = functions.get(address);
    if (code !== undefined) return code === 0 ? null : code;
    for (const one of starts) {
      for (let n = 0; n < Math.max(1, one.count); n++) {
        if (one.from + n * one.fromStride !== address || (type !== 0 && one.type !== type)) continue;
        return one.to + n * one.toStride;
      }
    }
    let inside: { readonly to: number; readonly classes: readonly number[] } | null = null;
    let ended: { readonly to: number; readonly element: number } | null = null;
    for (const one of pieces) {
      for (let n = 0; n < Math.max(1, one.count); n++) {
        const offset = address - (one.from + n * one.fromStride);
        if (offset < 0 || offset > one.length) continue;
        const to = one.to + n * one.toStride + offset;
        if (offset < one.length) inside = { to, classes: offset === 0 ? [one.type, one.element] : [] };
        else ended = { to, element: one.element };
      }
    }
    if (inside !== null && ended !== null) {
      const isEnd = ended.element !== 0 && ended.element === type;
      if (!isEnd || inside.to === ended.to) return inside.to;
      // It may be both, and nobody knows which.
      return inside.classes.includes(type) ? null : ended.to;
    }
    const found = inside ?? ended;
    if (found !== null) return found.to;
    return constants.some((one) => address >= one.from && address < one.from + one.length) ? 'constant' : null;
  };
  return { operations, pieces, starts, values, oldSize, find };
}

/** What the engine's binary search relies on. */
function checkOrder(pieces: readonly Piece[], strided: number, functions: ReadonlyMap<number, number>): void {
  const single = pieces.slice(strided);
  if (pieces.slice(0, strided).some((one) => one.count <= 1))
    throw new Error('a single piece stands among the strided');
  for (const [n, one] of single.entries()) {
    const last = single[n - 1];
    if (one.count > 1) throw new Error('a strided piece stands among the single ones');
    if (last !== undefined && last.from + last.length > one.from) {
      throw new Error(`pieces overlap: ${last.from}+${last.length} and ${one.from}+${one.length}`);
    }
  }
  const addresses = [...functions.keys()];
  if (addresses.some((one, n) => one < (addresses[n - 1] ?? 0))) throw new Error('functions are not sorted');
}

interface Kind {
  readonly number: number;
  readonly bits: number;
  readonly first: number;
}

const [signed, float, boolean] = [1, 3, 4];

function kindOf(kind: number): Kind {
  return { number: kind & 15, bits: (kind >> 4) & 255, first: (kind >> 12) & 255 };
}

function readNumber(view: DataView, at: number, kind: Kind): bigint | number {
  if (kind.number === float) {
    if (kind.bits > 64) throw new Error('long double is left to the engine');
    return kind.bits === 32 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  }
  let value = 0n;
  for (let n = Math.ceil((kind.first + kind.bits) / 8) - 1; n >= 0; n--) {
    value = (value << 8n) | BigInt(view.getUint8(at + n));
  }
  value = BigInt.asUintN(kind.bits, value >> BigInt(kind.first));
  return kind.number === signed ? BigInt.asIntN(kind.bits, value) : value;
}

function writeNumber(view: DataView, at: number, kind: Kind, value: bigint | number): void {
  if (kind.number === float) {
    if (kind.bits === 32) view.setFloat32(at, Number(value), true);
    else view.setFloat64(at, Number(value), true);
    return;
  }
  const bits = BigInt.asUintN(kind.bits, BigInt(value));
  for (let n = 0; n < kind.bits; n++) {
    const byte = at + Math.floor((kind.first + n) / 8);
    const mask = 1 << ((kind.first + n) % 8);
    const old = view.getUint8(byte);
    view.setUint8(byte, ((bits >> BigInt(n)) & 1n) === 1n ? old | mask : old & ~mask);
  }
}

function squeeze(value: bigint | number, kind: Kind): { readonly fits: boolean; readonly result: bigint | number } {
  if (kind.number === float) {
    const overflows =
      kind.bits === 32 &&
      typeof value === 'number' &&
      Number.isFinite(value) &&
      Math.abs(value) > 3.4028235677973366e38;
    return { fits: !overflows, result: Number(value) };
  }
  const whole = typeof value === 'bigint' ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
  const exact = typeof value === 'bigint' || (Number.isFinite(value) && Number.isInteger(value));
  if (kind.number === boolean) return { fits: exact && (whole === 0n || whole === 1n), result: whole === 0n ? 0n : 1n };
  const width = BigInt(kind.bits);
  const [least, most] =
    kind.number === signed ? [-(1n << (width - 1n)), (1n << (width - 1n)) - 1n] : [0n, (1n << width) - 1n];
  const result = whole < least ? least : whole > most ? most : whole;
  return { fits: exact && result === whole, result };
}

function bitsOf(value: bigint | number): bigint {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
