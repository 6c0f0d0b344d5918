import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, PointerType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { describeLiteral } from './describe.js';
import { PassingError, ValueError, within } from './errors.js';
import { isCharacter } from './numbers.js';
import { addBlock, type Blocks, emptyObject, type ObjectBytes, putBits } from './objects.js';
import type { Literal } from './types.js';
import type { WriteValue } from './write.js';

/** The object that was made for a pointer to lead to. */
export interface Pointee {
  readonly type: DebugType;
  readonly count: number;
  readonly block: number;
}

/**
 * null, an address in hexadecimal, a text for a char pointer, or the object itself, which is laid into a block: {...} for a
 * struct, [...] for several in a row. Gives the block's contents where one of objects was made.
 */
export function writePointer(
  write: WriteValue,
  type: PointerType,
  literal: Literal,
  to: ObjectBytes,
  at: number,
  blocks: Blocks,
): Pointee | null {
  if (type.form === 'memberPointer') throw new PassingError(`a pointer to a member (${typeName(type)})`);
  const address = addressIn(type, literal);
  if (address !== null) {
    putBits(to, at, type.size, address);
    return null;
  }
  const point = (object: ObjectBytes): number => {
    const block = addBlock(blocks, object);
    to.pointers.push({ offset: at, block });
    return block;
  };
  const text = type.form === 'pointer' ? textIn(type.target, literal) : null;
  if (text !== null) {
    point({ bytes: Buffer.from(`${text}\0`, 'utf8'), pointers: [] });
    return null;
  }
  const size = sizeOf(type.target);
  if (size === null)
    throw new ValueError(`${describeLiteral(literal)} is no ${typeName(type)}; give an address as 0x...`);
  const several = type.form === 'pointer' && literal.kind === 'list' && isRow(type.target, literal);
  const items = several ? literal.items : [literal];
  if (type.form === 'pointer' && !several && literal.kind !== 'list' && literal.kind !== 'record') {
    throw new ValueError(
      `${describeLiteral(literal)} is no ${typeName(type)}: write null, 0x..., or what it points to in brackets`,
    );
  }
  const object = emptyObject(size * items.length);
  for (const [index, item] of items.entries()) {
    const put = (): void => write(type.target, item, object, index * size);
    if (several) within(`[${index}]`, put);
    else put();
  }
  return { type: type.target, count: items.length, block: point(object) };
}

const nulls = new Set(['null', 'NULL', 'nullptr']);

/** An address is written in hexadecimal, so that a number in a wrong place is not taken for one. */
function addressIn(type: PointerType, literal: Literal): bigint | null {
  const reference = type.form !== 'pointer';
  if (literal.kind === 'word' && nulls.has(literal.value.trim())) {
    if (reference) throw new ValueError(`a reference (${typeName(type)}) cannot be null`);
    return 0n;
  }
  // In JSON an address is a text; for a char pointer that would be one, and only the number 0 is left.
  const bare = literal.kind === 'text' && textIn(type.target, literal) === null && /^0x[0-9a-f]+$/i.test(literal.value);
  const value = literal.kind === 'integer' ? literal.value : bare ? BigInt(literal.value) : null;
  if (value === null) return null;
  const isHex = bare || (literal.kind === 'integer' && /^0x/i.test(literal.text));
  const toRecord = strip(type.target).kind === 'record';
  if (reference ? !(isHex && toRecord) : !isHex && value !== 0n) return null;
  if (value > 0xffff_ffff_ffff_ffffn) throw new ValueError(`${describeLiteral(literal)} is no address`);
  return value;
}

/** Text for a pointer to characters; for a void pointer only where it stands in quotes. */
function textIn(target: DebugType, literal: Literal): string | null {
  const plain = strip(target);
  if (literal.kind === 'text' && plain.kind === 'void') return literal.value;
  if (plain.kind !== 'base' || !isCharacter(plain)) return null;
  switch (literal.kind) {
    case 'text':
    case 'word':
      return literal.value;
    case 'integer':
    case 'real':
      return literal.text === '' ? null : literal.text;
    default:
      return null;
  }
}

/** Whether a list is several objects in a row: for structs and arrays, whose own values are lists, only a list of those. */
function isRow(target: DebugType, { open, items }: Extract<Literal, { readonly kind: 'list' }>): boolean {
  const { kind } = strip(target);
  if (kind !== 'record' && kind !== 'array') return true;
  if (open === '{') return false;
  return items.length > 0 && items.every((item) => item.kind === 'list' || item.kind === 'record');
}
