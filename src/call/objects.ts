/** An object's bytes while they are put together, and the words in it that point to other blocks. */
export interface ObjectBytes {
  readonly bytes: Uint8Array;
  readonly pointers: PointerWord[];
}

export interface PointerWord {
  readonly offset: number;
  readonly block: number;
}

/** The blocks of one call, in the order in which they were made. */
export type Blocks = ObjectBytes[];

export function emptyObject(size: number): ObjectBytes {
  return { bytes: new Uint8Array(size), pointers: [] };
}

/** Little-endian, as every machine that modules can be built for is. */
export function putBits(object: ObjectBytes, offset: number, size: number, bits: bigint): void {
  for (let n = 0; n < size; n++) object.bytes[offset + n] = Number((bits >> BigInt(8 * n)) & 0xffn);
}

export function takeBits(bytes: Uint8Array, offset: number, size: number): bigint {
  let bits = 0n;
  for (let n = size - 1; n >= 0; n--) bits = (bits << 8n) | BigInt(bytes[offset + n] ?? 0);
  return bits;
}

export function addBlock(blocks: Blocks, object: ObjectBytes): number {
  blocks.push(object);
  return blocks.length - 1;
}
