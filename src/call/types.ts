import type { DebugType } from '../debuginfo/types.js';

/**
 * How arguments and results travel. `sysv` is the System V AMD64 ABI, section 3.2.3; `aapcs64` the Procedure Call
 * Standard for the Arm 64-bit Architecture, section 6.8 (as Linux uses it; Apple packs small stack arguments closer).
 */
export type Convention = 'sysv' | 'aapcs64';

/** A call sorted into registers and stack words: what a host takes, without the module. */
export interface CallWords {
  readonly symbol: string;
  readonly integers: readonly bigint[];
  /** The lowest 64 bits of each floating-point register. */
  readonly floats: readonly bigint[];
  readonly stack: readonly bigint[];
  /** What arguments point to. */
  readonly memory: readonly Uint8Array[];
  readonly patches: readonly MemoryPatch[];
  readonly returns: ReturnWords;
}

/** The address of `memory[block]` goes to word `index` of a list, or to byte `index` of the block `inside`. */
export interface MemoryPatch {
  readonly into: 'integers' | 'stack' | 'memory';
  readonly index: number;
  readonly block: number;
  readonly inside?: number;
}

export type ReturnWords =
  | { readonly in: 'nothing' }
  | { readonly in: 'registers'; readonly kinds: readonly ('integer' | 'float')[] }
  | { readonly in: 'memory'; readonly size: number };

export interface PlannedCall {
  readonly words: CallWords;
  /** The function as C declares it. */
  readonly signature: string;
  readonly result: ResultPlan;
  /** Objects that were laid into memory for arguments that point to them: what the function may have changed. */
  readonly targets: readonly CallTarget[];
}

/** The result's type and where its bytes stand in the answer. */
export interface ResultPlan {
  readonly type: DebugType;
  readonly size: number;
  /** Pieces in the order of the registers, 8 bytes each in the answer; null where the answer is the object itself. */
  readonly pieces: readonly Piece[] | null;
}

/** Bytes [offset, offset + size) of an object, which travel in one register. */
export interface Piece {
  readonly in: 'integer' | 'float';
  readonly offset: number;
  readonly size: number;
}

export interface CallTarget {
  /** Position of the argument. */
  readonly argument: number;
  readonly name: string;
  /** Type of the object, or of each of `count` in a row. */
  readonly type: DebugType;
  readonly count: number;
  /** Index in `memory`. */
  readonly block: number;
}

/** An argument as it was written, before its type is known. */
export type Literal =
  /** `text` as it was written: an address is one only in hexadecimal, and a char pointer may be given bare digits. */
  | { readonly kind: 'integer'; readonly value: bigint; readonly text: string }
  | { readonly kind: 'real'; readonly value: number; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'character'; readonly value: number; readonly text: string }
  /** A bare word: an enumerator, true, null, inf; for a char pointer its own text. */
  | { readonly kind: 'word'; readonly value: string }
  /** `open` is the bracket: for a pointer to a struct, braces are one struct and square brackets several in a row. */
  | { readonly kind: 'list'; readonly open: '{' | '['; readonly items: readonly Literal[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [name: string, value: Literal])[] };
