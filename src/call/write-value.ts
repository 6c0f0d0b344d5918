import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { describeLiteral } from './describe.js';
import { PassingError, ValueError } from './errors.js';
import { scalarBits } from './numbers.js';
import { type Blocks, emptyObject, type ObjectBytes, putBits } from './objects.js';
import type { Literal } from './types.js';
import type { WriteValue } from './write.js';
import { type Pointee, writePointer } from './write-pointer.js';
import { writeArray, writeRecord } from './write-record.js';

/**
 * An object of the type with the value, in memory layout. What it points to is added to `blocks`; `pointee` tells of the
 * object that a pointer itself was made to lead to.
 *
 * @throws ValueError where the value is none of the type, PassingError where no value of it can be made.
 */
export function objectOf(
  type: DebugType,
  literal: Literal,
  blocks: Blocks,
): { readonly object: ObjectBytes; readonly pointee: Pointee | null } {
  const size = sizeOf(type);
  if (size === null) throw new PassingError(`a value of type ${typeName(type)}`);
  const object = emptyObject(size);
  const plain = strip(type);
  const write = writerInto(blocks);
  if (plain.kind === 'pointer') return { object, pointee: writePointer(write, plain, literal, object, 0, blocks) };
  write(type, literal, object, 0);
  return { object, pointee: null };
}

function writerInto(blocks: Blocks): WriteValue {
  const write: WriteValue = (type, literal, to, at) => {
    const plain = strip(type);
    switch (plain.kind) {
      case 'base':
      case 'enum':
        return putBits(to, at, plain.size, scalarBits(plain, literal));
      case 'pointer':
        writePointer(write, plain, literal, to, at, blocks);
        return;
      case 'record':
        return writeRecord(write, plain, literal, to, at);
      case 'array':
        return writeArray(write, plain, literal, to, at);
      case 'unspecified':
        if (literal.kind === 'word' && /^(null|NULL|nullptr)$/.test(literal.value)) return;
        throw new ValueError(`${describeLiteral(literal)} is no ${typeName(type)}`);
      case 'void':
      case 'function':
        throw new PassingError(`a value of type ${typeName(type)}`);
    }
  };
  return write;
}
