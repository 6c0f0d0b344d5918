/** The parts of a plan before they are encoded; what each means stands in `host/engine/plan.h`. */
export const code = {
  copy: 1,
  convert: 2,
  loop: 3,
  pointer: 4,
  words: 5,
  enumeration: 6,
  mustBeZero: 7,
  unlessInitial: 8,
  fix: 9,
  fixArray: 10,
  outside: 11,
  fixVptr: 12,
  stray: 13,
} as const;

export const mustKnow = 1;
export const noCheck = 0xffffffff;

export interface Operation {
  readonly code: number;
  readonly flags?: number;
  readonly check?: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly a?: number;
  readonly b?: number;
  readonly type?: number;
  readonly body?: readonly Operation[];
}

export interface Piece {
  readonly from: number;
  readonly fromStride: number;
  readonly to: number;
  readonly toStride: number;
  readonly length: number;
  readonly count: number;
  readonly type: number;
  readonly element: number;
}

export interface PlanParts {
  readonly operations: readonly Operation[];
  readonly pieces: readonly Piece[];
  readonly starts: readonly Piece[];
  readonly functions: readonly { readonly from: number; readonly to: number }[];
  readonly constants: readonly { readonly from: number; readonly length: number }[];
  readonly values: readonly { readonly from: bigint; readonly to: bigint }[];
  readonly checks: number;
  /** Bytes of the old image. */
  readonly oldSize: number;
}

/** A number for `PLAN_CONVERT` and `PLAN_ENUM`: what it is, its width in bits, and its first bit at its address. */
export function numberKind(kind: 'signed' | 'unsigned' | 'float' | 'boolean', bits: number, firstBit = 0): number {
  const kinds = { signed: 1, unsigned: 2, float: 3, boolean: 4 } as const;
  return kinds[kind] | (bits << 4) | (firstBit << 12);
}
