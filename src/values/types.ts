import type { DebugType } from '../debuginfo/types.js';
import type { Json } from '../events/json.js';
import type { Memory } from './memory.js';

/** Where a value lies: a place in the image, and the pointers to follow from there on. */
export interface ResolvedValue {
  readonly path: string;
  readonly type: DebugType;
  /** Address in the library's file. */
  readonly address: number;
  readonly size: number;
  readonly bits: BitPlace | null;
  /** Each: the pointer at the place so far is followed, and this many bytes on lies the next place. */
  readonly hops: readonly number[];
}

export interface BitPlace {
  readonly size: number;
  /** Counted from the lowest bit of the byte at the address. */
  readonly first: number;
}

export interface DecodeOptions {
  /** Elements of an array before the rest is only counted. */
  readonly elements: number;
  /** Pointers in a row that are followed; 0 shows addresses. Texts behind `char *` are always shown. */
  readonly follow: number;
}

/** What every part of a value is decoded with. */
export interface Decoding extends DecodeOptions {
  readonly memory: Memory;
  /** The format of the machine; x87 where it is not given. */
  readonly longDouble?: LongDouble;
  /** A type by its full name: what the nodes of std::map, std::set and std::list hold shows in their names alone. */
  readonly findType?: (name: string) => DebugType | null;
}

/** How one object is decoded; given to what decodes containers, whose elements are objects themselves. */
export type Decode = (type: DebugType, bytes: Uint8Array, with_: Decoding) => Json;

/** How 16 bytes of `long double` are to be read: x86 has the x87 format, AArch64 IEEE 754 binary128. */
export type LongDouble = 'x87' | 'binary128';
