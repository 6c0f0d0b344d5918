import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { PassingError } from './errors.js';

/** A number or pointer inside an object. */
export interface Leaf {
  readonly in: 'integer' | 'float';
  readonly offset: number;
  readonly size: number;
  /** Part of a bit-field: it has no alignment of its own. */
  readonly bits: boolean;
}

/**
 * The numbers and pointers that an object is made of. Meant for small objects: arrays are taken apart.
 *
 * @throws PassingError for what has a class of its own in a calling convention, or none that is known here.
 */
export function leavesOf(type: DebugType, offset = 0): readonly Leaf[] {
  const plain = strip(type);
  switch (plain.kind) {
    case 'base':
      return [{ in: baseClass(plain.encoding, plain.size, plain.name), offset, size: plain.size, bits: false }];
    case 'enum':
    case 'unspecified':
      return [{ in: 'integer', offset, size: sizeOf(plain) ?? 8, bits: false }];
    case 'pointer':
      if (plain.form === 'memberPointer') throw new PassingError(`a pointer to a member (${typeName(type)})`);
      return [{ in: 'integer', offset, size: plain.size, bits: false }];
    case 'record':
      checkPlain(plain);
      return plain.fields.flatMap((field) =>
        field.bitSize === null
          ? leavesOf(field.type, offset + field.offset)
          : [bitLeaf(offset * 8 + field.bitOffset, field.bitSize)],
      );
    case 'array': {
      if (plain.vector) throw new PassingError(`a vector (${typeName(type)})`);
      const size = sizeOf(plain.element);
      if (size === null || plain.size === null) throw new PassingError(`an array without a length (${typeName(type)})`);
      const count = size === 0 ? 0 : plain.size / size;
      return Array.from({ length: count }, (_, n) => leavesOf(plain.element, offset + n * size)).flat();
    }
    case 'void':
    case 'function':
      throw new PassingError(`a value of type ${typeName(type)}`);
  }
}

/** Checks an object of any size without taking its arrays apart. */
export function checkPassable(type: DebugType): void {
  const plain = strip(type);
  if (plain.kind === 'array' && !plain.vector && plain.size !== null) return checkPassable(plain.element);
  if (plain.kind !== 'record') {
    leavesOf(type);
    return;
  }
  checkPlain(plain);
  for (const field of plain.fields) checkPassable(field.type);
}

function checkPlain(type: RecordType): void {
  const name = typeName(type);
  if (!type.complete) throw new PassingError(`${name}, which is not defined in this library`);
  if (type.vtableOffset !== null || type.bases.length > 0) {
    throw new PassingError(`${name} by value, a class with bases or virtual functions`);
  }
  if (type.fields.length === 0 && type.size > 0) throw new PassingError(`${name} by value, a class without fields`);
}

function baseClass(encoding: string, size: number, name: string): 'integer' | 'float' {
  switch (encoding) {
    case 'float':
      if (size === 4 || size === 8) return 'float';
      throw new PassingError(`${name}, a floating-point number of ${size} bytes`);
    case 'signed':
    case 'unsigned':
    case 'boolean':
    case 'character':
    case 'unsignedCharacter':
    case 'utf':
      if (size <= 8) return 'integer';
      throw new PassingError(`${name}, an integer of ${size} bytes`);
    default:
      throw new PassingError(`${name}, a number of a kind that is not passed from here`);
  }
}

function bitLeaf(firstBit: number, bits: number): Leaf {
  const offset = Math.floor(firstBit / 8);
  return { in: 'integer', offset, size: Math.ceil((firstBit + bits) / 8) - offset, bits: true };
}
