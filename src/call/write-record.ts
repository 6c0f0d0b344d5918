import type { ArrayType, Field, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { describeLiteral } from './describe.js';
import { PassingError, ValueError, within } from './errors.js';
import { isCharacter, isSigned, scalarBits } from './numbers.js';
import type { ObjectBytes } from './objects.js';
import type { Literal } from './types.js';
import type { WriteValue } from './write.js';

/** Fields by name or in their order, as a C initializer has them; those that are not given are zero (C11 6.7.9). */
export function writeRecord(write: WriteValue, type: RecordType, literal: Literal, to: ObjectBytes, at: number): void {
  if (!type.complete) throw new ValueError(`${typeName(type)} is not defined here; give its address as 0x...`);
  if (literal.kind === 'list') return writeInOrder(write, type, literal.items, to, at);
  if (literal.kind !== 'record') throw new ValueError(`${describeLiteral(literal)} is no ${typeName(type)}`);
  if (type.form === 'union' && literal.fields.length > 1) {
    throw new ValueError(`only one member of ${typeName(type)} can be given`);
  }
  const seen = new Set<string>();
  for (const [name, value] of literal.fields) {
    const found = findField(type, name, at);
    if (found === null)
      throw new ValueError(`${typeName(type)} has no field "${name}" (${fieldNames(type).join(', ')})`);
    if (seen.has(name)) throw new ValueError(`the field ${name} is given twice`);
    seen.add(name);
    within(name, () => writeField(write, found.field, value, to, found.start));
  }
}

function writeInOrder(
  write: WriteValue,
  type: RecordType,
  items: readonly Literal[],
  to: ObjectBytes,
  at: number,
): void {
  const fields = type.fields.filter((field) => !field.artificial).slice(0, type.form === 'union' ? 1 : undefined);
  if (items.length > fields.length) {
    throw new ValueError(`${items.length} values for the ${fields.length} fields of ${typeName(type)}`);
  }
  for (const [index, item] of items.entries()) {
    const field = fields[index];
    if (field !== undefined) within(field.name || `field ${index + 1}`, () => writeField(write, field, item, to, at));
  }
}

/** Looks into anonymous structs and unions too, whose fields are reached through the record. */
function findField(type: RecordType, name: string, start: number): { field: Field; start: number } | null {
  for (const field of type.fields) {
    if (field.artificial) continue;
    if (field.name === name) return { field, start };
    const inner = strip(field.type);
    if (field.name !== '' || inner.kind !== 'record') continue;
    const found = findField(inner, name, start + field.offset);
    if (found !== null) return found;
  }
  return null;
}

function fieldNames(type: RecordType): readonly string[] {
  return type.fields.flatMap((field) => {
    const inner = strip(field.type);
    return field.name === '' && inner.kind === 'record' ? fieldNames(inner) : [field.name];
  });
}

function writeField(write: WriteValue, field: Field, literal: Literal, to: ObjectBytes, start: number): void {
  if (field.bitSize === null) write(field.type, literal, to, start + field.offset);
  else writeBitField(field, field.bitSize, literal, to, start);
}

function writeBitField(field: Field, size: number, literal: Literal, to: ObjectBytes, start: number): void {
  const type = strip(field.type);
  if (type.kind !== 'base' && type.kind !== 'enum') throw new PassingError(`a bit-field of ${typeName(type)}`);
  const full = scalarBits(type, literal);
  const signed = type.kind === 'enum' ? type.signed : isSigned(type);
  const value = signed ? BigInt.asIntN(type.size * 8, full) : full;
  if (value !== (signed ? BigInt.asIntN(size, value) : BigInt.asUintN(size, value))) {
    throw new ValueError(`${describeLiteral(literal)} does not fit ${size} bits`);
  }
  for (let n = 0; n < size; n++) {
    const bit = field.bitOffset + n;
    const mask = 1 << (bit % 8);
    const index = start + Math.floor(bit / 8);
    const before = to.bytes[index] ?? 0;
    to.bytes[index] = (value >> BigInt(n)) & 1n ? before | mask : before & ~mask;
  }
}

/** Elements in order; those that are not given are zero. An array of characters may be a text. */
export function writeArray(write: WriteValue, type: ArrayType, literal: Literal, to: ObjectBytes, at: number): void {
  const [count, ...inner] = type.dimensions;
  if (type.vector) throw new PassingError('a vector');
  if (type.size === null || count === undefined || count === null) throw new PassingError(`an array without a length`);
  const element = strip(type.element);
  if (inner.length === 0 && element.kind === 'base' && isCharacter(element) && literal.kind !== 'list') {
    return writeText(literal, count, to, at);
  }
  if (literal.kind !== 'list') throw new ValueError(`${describeLiteral(literal)} is no ${typeName(type)}`);
  if (literal.items.length > count) {
    throw new ValueError(`${literal.items.length} values for the ${count} elements of ${typeName(type)}`);
  }
  const stride = count === 0 ? 0 : type.size / count;
  const row = inner.length === 0 ? type.element : { ...type, dimensions: inner, size: stride };
  for (const [index, item] of literal.items.entries()) {
    within(`[${index}]`, () => write(row, item, to, at + index * stride));
  }
}

function writeText(literal: Literal, count: number, to: ObjectBytes, at: number): void {
  const text = literal.kind === 'text' || literal.kind === 'word' ? literal.value : describeLiteral(literal);
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > count) throw new ValueError(`"${text}" is longer than ${count} bytes`);
  to.bytes.set(bytes, at);
}
