import type { Passing } from './classify.js';
import { PassingError } from './errors.js';
import { addBlock, type Blocks, type ObjectBytes, takeBits } from './objects.js';
import type { Convention, MemoryPatch, Piece } from './types.js';

/** Registers and stack words as they fill up. */
export interface Places {
  readonly integers: bigint[];
  readonly floats: bigint[];
  readonly stack: bigint[];
  readonly patches: MemoryPatch[];
}

/** How many of each there are. */
export interface Room {
  readonly integers: number;
  readonly floats: number;
  readonly stack: number;
}

export const stackWords = 16;

/** A result in memory takes the first integer register of x86-64 for its address; AArch64 has x8 for that. */
export function roomOf(convention: Convention, resultInMemory: boolean): Room {
  if (convention === 'aapcs64') return { integers: 8, floats: 8, stack: stackWords };
  return { integers: resultInMemory ? 5 : 6, floats: 8, stack: stackWords };
}

/**
 * Puts one argument into registers or onto the stack. `signed` extends a number to the whole word.
 *
 * @throws PassingError where the stack words do not suffice.
 */
export function place(
  argument: { readonly object: ObjectBytes; readonly passing: Passing; readonly signed: boolean },
  places: Places,
  room: Room,
  blocks: Blocks,
  convention: Convention,
): void {
  const { object, passing, signed } = argument;
  switch (passing.by) {
    case 'nothing':
      return;
    case 'reference': {
      const block = addBlock(blocks, object);
      const pointer: ObjectBytes = { bytes: new Uint8Array(8), pointers: [{ offset: 0, block }] };
      const pieces: readonly Piece[] = [{ in: 'integer', offset: 0, size: 8 }];
      placePieces(pointer, { by: 'registers', pieces, size: 8, align: 8, homogeneous: false }, false);
      return;
    }
    case 'memory':
      return placeOnStack(object, passing, false);
    case 'registers':
      return placePieces(object, passing, signed);
  }

  function placePieces(from: ObjectBytes, by: Extract<Passing, { readonly by: 'registers' }>, extend: boolean): void {
    const need = (kind: Piece['in']): number => by.pieces.filter((piece) => piece.in === kind).length;
    const fits =
      places.integers.length + need('integer') <= room.integers && places.floats.length + need('float') <= room.floats;
    if (fits) {
      for (const piece of by.pieces) put(piece.in === 'integer' ? 'integers' : 'floats', from, piece, extend);
      return;
    }
    // AAPCS64 stages C.3 and C.13: once an argument did not fit, no later one gets registers of that kind.
    if (convention === 'aapcs64') close(need('float') > 0 ? 'floats' : 'integers');
    placeOnStack(from, by, extend);
  }

  function placeOnStack(
    from: ObjectBytes,
    { size, align }: { readonly size: number; readonly align: number },
    extend: boolean,
  ): void {
    if (align > 16) throw new PassingError(`a value on the stack that is aligned to ${align} bytes`);
    if (align > 8 && places.stack.length % 2 === 1) places.stack.push(0n);
    for (let offset = 0; offset < size; offset += 8) {
      put('stack', from, { in: 'integer', offset, size: Math.min(8, size - offset) }, extend);
    }
    if (places.stack.length > room.stack)
      throw new PassingError(`what needs more than ${room.stack} words on the stack`);
  }

  function put(into: 'integers' | 'floats' | 'stack', from: ObjectBytes, piece: Piece, extend: boolean): void {
    const list = places[into];
    const pointer = from.pointers.find((one) => one.offset === piece.offset);
    if (pointer !== undefined && into !== 'floats') {
      places.patches.push({ into, index: list.length, block: pointer.block });
    }
    const bits = takeBits(from.bytes, piece.offset, piece.size);
    list.push(extend ? BigInt.asUintN(64, BigInt.asIntN(piece.size * 8, bits)) : bits);
  }

  /** Fills up what is left, which the function does not look at. */
  function close(kind: 'integers' | 'floats'): void {
    while (places[kind].length < room[kind]) places[kind].push(0n);
  }
}
