import type { BaseType, EnumType } from '../debuginfo/types.js';
import { typeName } from '../layout/type-name.js';
import { describeLiteral } from './describe.js';
import { PassingError, ValueError } from './errors.js';
import { scalar } from './literal.js';
import type { Literal } from './types.js';

/** The value of a number, character, truth value or enumerator as its bits, in the width of its type. */
export function scalarBits(type: BaseType | EnumType, given: Literal): bigint {
  // A text may hold what JSON cannot write as a number.
  const literal = given.kind === 'text' && type.kind === 'base' ? numberIn(given, type) : given;
  if (type.kind === 'enum') return enumBits(type, literal);
  switch (type.encoding) {
    case 'boolean':
      return booleanBits(type, literal);
    case 'float':
      return floatBits(type, literal);
    case 'signed':
    case 'unsigned':
    case 'character':
    case 'unsignedCharacter':
    case 'utf':
      return integerBits(type, isSigned(type), literal);
    default:
      throw new PassingError(`${typeName(type)} is no plain number`);
  }
}

export function isSigned(type: BaseType): boolean {
  return type.encoding === 'signed' || type.encoding === 'character';
}

/** Whether bytes of this type make up text. */
export function isCharacter(type: BaseType): boolean {
  const named = type.encoding === 'character' || type.encoding === 'unsignedCharacter' || type.encoding === 'utf';
  return named && type.size === 1;
}

function numberIn(given: Extract<Literal, { readonly kind: 'text' }>, type: BaseType): Literal {
  const literal = scalar(given.value.trim(), given.value);
  const character = isCharacter(type) && [...given.value].length === 1;
  return literal.kind === 'word' && !character ? { kind: 'word', value: literal.value } : { ...literal };
}

function integerBits(type: BaseType, signed: boolean, literal: Literal): bigint {
  const value = integerValue(type, literal);
  return checkRange(value, type.size, signed, () => typeName(type), literal);
}

function integerValue(type: BaseType, literal: Literal): bigint {
  if (literal.kind === 'integer') return literal.value;
  if (literal.kind === 'character') return BigInt(literal.value);
  const isText = type.encoding === 'character' || type.encoding === 'unsignedCharacter' || type.encoding === 'utf';
  // The shell takes the quotes of 'x' away.
  if (isText && literal.kind === 'word' && [...literal.value].length === 1) {
    return BigInt(literal.value.codePointAt(0) ?? 0);
  }
  if (literal.kind === 'real')
    throw new ValueError(`${describeLiteral(literal)} is no whole number (${typeName(type)})`);
  throw new ValueError(`${describeLiteral(literal)} is no number (${typeName(type)})`);
}

function checkRange(value: bigint, size: number, signed: boolean, name: () => string, literal: Literal): bigint {
  const bits = BigInt(size * 8);
  const lowest = signed ? -(1n << (bits - 1n)) : 0n;
  const highest = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  if (value < lowest || value > highest) {
    throw new ValueError(`${describeLiteral(literal)} does not fit ${name()} (${lowest} to ${highest})`);
  }
  return BigInt.asUintN(size * 8, value);
}

function booleanBits(type: BaseType, literal: Literal): bigint {
  if (literal.kind === 'word' && literal.value === 'true') return 1n;
  if (literal.kind === 'word' && literal.value === 'false') return 0n;
  if (literal.kind === 'integer' && (literal.value === 0n || literal.value === 1n)) return literal.value;
  throw new ValueError(`${describeLiteral(literal)} is neither true nor false (${typeName(type)})`);
}

const specials: Readonly<Record<string, number>> = { inf: Infinity, infinity: Infinity, nan: Number.NaN };

function floatBits(type: BaseType, literal: Literal): bigint {
  const value = floatValue(type, literal);
  const bytes = new DataView(new ArrayBuffer(8));
  if (type.size === 8) bytes.setFloat64(0, value, true);
  else if (type.size === 4) bytes.setFloat32(0, value, true);
  else throw new PassingError(`a floating-point number of ${type.size} bytes (${typeName(type)})`);
  if (type.size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new ValueError(`${describeLiteral(literal)} does not fit ${typeName(type)}`);
  }
  return bytes.getBigUint64(0, true);
}

function floatValue(type: BaseType, literal: Literal): number {
  if (literal.kind === 'real') return literal.value;
  if (literal.kind === 'integer') return Number(literal.value);
  if (literal.kind === 'word') {
    const [, sign, name] = /^([+-]?)(\w+)$/.exec(literal.value.toLowerCase()) ?? [];
    const special = specials[name ?? ''];
    if (special !== undefined) return sign === '-' ? -special : special;
  }
  throw new ValueError(`${describeLiteral(literal)} is no number (${typeName(type)})`);
}

/** By name, with or without the enumeration's own in front; or a number, which need not be one of its members. */
function enumBits(type: EnumType, literal: Literal): bigint {
  if (literal.kind === 'integer') {
    return checkRange(literal.value, type.size, type.signed, () => typeName(type), literal);
  }
  if (literal.kind === 'word' || literal.kind === 'text') {
    const name = literal.value.trim().split('::').at(-1);
    const member = type.members.find((one) => one.name === name);
    if (member !== undefined) return BigInt.asUintN(type.size * 8, member.value);
  }
  const names = type.members.map((one) => one.name);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, ...` : names.join(', ');
  throw new ValueError(`${describeLiteral(literal)} is none of ${typeName(type)} (${shown})`);
}
