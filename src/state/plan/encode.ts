import type { StateModel, TransferPlan } from '../types.js';
import { noCheck, type Operation, type Piece, type PlanParts } from './operations.js';

const magic = 0x50544d48;
const version = 1;
const sizes = { header: 48, operation: 64, piece: 56, function: 16, constant: 16, value: 16 } as const;

/** A plan in the form that the engine reads (`host/engine/plan.h`). */
export function encodePlan(parts: PlanParts): Uint8Array {
  const operations: FlatOperation[] = [];
  flatten(parts.operations, operations);
  const strided = parts.pieces.filter((piece) => piece.count > 1);
  const single = parts.pieces.filter((piece) => piece.count <= 1).sort((a, b) => a.from - b.from);
  const functions = [...parts.functions].sort((a, b) => a.from - b.from);
  const size =
    sizes.header +
    operations.length * sizes.operation +
    (parts.pieces.length + parts.starts.length) * sizes.piece +
    functions.length * sizes.function +
    parts.constants.length * sizes.constant +
    parts.values.length * sizes.value;
  const out = new Writer(size);

  out.u32(magic);
  out.u32(version);
  out.u32(operations.length);
  out.u32(parts.pieces.length);
  out.u32(strided.length);
  out.u32(parts.starts.length);
  out.u32(functions.length);
  out.u32(parts.constants.length);
  out.u32(parts.values.length);
  out.u32(parts.checks);
  out.u64(parts.oldSize);
  for (const one of operations) writeOperation(out, one);
  for (const piece of [...strided, ...single, ...parts.starts]) writePiece(out, piece);
  for (const one of functions) {
    out.u64(one.from);
    out.u64(one.to);
  }
  for (const one of parts.constants) {
    out.u64(one.from);
    out.u64(one.length);
  }
  for (const one of parts.values) {
    out.i64(one.from);
    out.i64(one.to);
  }
  return out.bytes;
}

/** Carries nothing over; tells the engine all the same that the module's life goes on. */
export function emptyPlan(before: StateModel): TransferPlan {
  const nothing = { operations: [], pieces: [], starts: [], functions: [], constants: [], values: [], checks: 0 };
  return {
    bytes: encodePlan({ ...nothing, oldSize: before.imageSize }),
    checks: [],
    summary: { bytes: 0, kept: 0, converted: 0, reset: 0, dropped: 0 },
    heapMayPointBack: false,
  };
}

/** An operation with the number of those that follow and belong to it. */
interface FlatOperation {
  readonly one: Operation;
  following: number;
}

/** In one list, because a large plan has some thousand operations within one another. */
function flatten(operations: readonly Operation[], flat: FlatOperation[]): void {
  for (const one of operations) {
    const operation = { one, following: 0 };
    flat.push(operation);
    const first = flat.length;
    if (one.body !== undefined) flatten(one.body, flat);
    operation.following = flat.length - first;
  }
}

function writeOperation(out: Writer, { one, following }: FlatOperation): void {
  out.u16(one.code);
  out.u16(one.flags ?? 0);
  out.u32(one.check ?? noCheck);
  out.u64(one.from);
  out.u64(one.to);
  out.u64(one.count);
  out.u64(one.a ?? 0);
  out.u64(one.b ?? 0);
  out.u32(following);
  out.u32(one.type ?? 0);
  out.u64(0);
}

function writePiece(out: Writer, piece: Piece): void {
  out.u64(piece.from);
  out.u64(piece.fromStride);
  out.u64(piece.to);
  out.u64(piece.toStride);
  out.u64(piece.length);
  out.u64(piece.count);
  out.u32(piece.type);
  out.u32(piece.element);
}

class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  u64(value: number): void {
    this.#view.setUint32(this.#at, value % 2 ** 32, true);
    this.#view.setUint32(this.#at + 4, Math.floor(value / 2 ** 32), true);
    this.#at += 8;
  }

  i64(value: bigint): void {
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }
}
