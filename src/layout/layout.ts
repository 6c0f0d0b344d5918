import { basename } from 'node:path';
import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugInfo, DebugType, Field, Place, RecordType } from '../debuginfo/types.js';
import { alignOf } from './align.js';
import { findHoles, type Gaps } from './holes.js';
import { createTypeComparer } from './same.js';
import { strip } from './strip.js';
import { declare, recordName, typeName } from './type-name.js';

/** How a struct, class or union lies in memory. Bytes, counted from its start, where nothing else is said. */
export interface RecordLayout extends Gaps {
  /** As C names it: `struct point`, `ns::city`, the typedef of one without a name; with the file where several differ. */
  readonly name: string;
  readonly form: RecordType['form'];
  readonly size: number;
  readonly align: number;
  readonly fields: readonly FieldLayout[];
  readonly bases: readonly BaseLayout[];
  /** Where its own pointer to a virtual table lies; null without one. */
  readonly vtableOffset: number | null;
  readonly place: Place;
}

export interface FieldLayout {
  /** '' for an anonymous struct or union; `fields` then holds what is reached through it. */
  readonly name: string;
  /** Of a bit-field: the byte that its first bit lies in. */
  readonly offset: number;
  /** Of a bit-field: that of its declared type. 0 for a flexible array. */
  readonly size: number;
  readonly type: string;
  /** Name and type as C declares them: `int (*callback)(int)`, `unsigned flags : 3`. */
  readonly declaration: string;
  /** Bits from the start of the record to the lowest bit; only of bit-fields. */
  readonly bitOffset?: number;
  /** Only of bit-fields. */
  readonly bitSize?: number;
  /** Of a record that is held by value, their offsets counted from the start of the outermost one. */
  readonly fields?: readonly FieldLayout[];
}

export interface BaseLayout {
  readonly type: string;
  /** Null for a virtual base, whose place depends on the object. */
  readonly offset: number | null;
  readonly size: number;
}

/** One record's layout. The name may be given from outside: a record without one has it from a typedef or a variable. */
export function layoutOf(record: RecordType, name = recordName(record)): RecordLayout {
  return {
    name,
    form: record.form,
    size: record.size,
    align: alignOf(record),
    fields: fieldsOf(record, 0),
    bases: record.bases.map(({ type, offset }) => ({ type: typeName(type), offset, size: sizeOf(type) ?? 0 })),
    vtableOffset: record.vtableOffset,
    place: record.place,
    ...findHoles(record),
  };
}

/**
 * The layouts of all records, sorted by name, each once. Types of one name that differ from file to file are all there,
 * told apart by their files.
 */
export function layoutsOf({ types, variables }: Pick<DebugInfo, 'types' | 'variables'>): readonly RecordLayout[] {
  const named = new Map<string, RecordType[]>();
  const { sameLayout } = createTypeComparer();
  const add = (name: string, record: RecordType): void => {
    if (!record.complete) return;
    const all = named.get(name) ?? [];
    if (!all.some((one) => sameLayout(one, record))) named.set(name, [...all, record]);
  };
  for (const type of types) {
    if (type.kind === 'record' && type.name !== null) add(recordName(type), type);
    if (type.kind !== 'typedef') continue;
    const target = anonymous(type.target);
    if (target !== null) add(typeName(type), target);
  }
  const reached = new Set([...named.values()].flat());
  for (const { type, name } of variables) {
    const target = anonymous(type);
    if (target !== null && !reached.has(target)) add(`${recordName(target)} ${name}`, target);
  }
  return [...named]
    .flatMap(([name, records]) => records.map((record, n) => layoutOf(record, distinct(name, record, n, records))))
    .sort((a, b) => compareText(a.name, b.name));
}

function distinct(name: string, record: RecordType, index: number, all: readonly RecordType[]): string {
  if (all.length === 1) return name;
  const file = (one: RecordType): string => basename(one.place.file === '' ? one.unit : one.place.file);
  const own = file(record);
  if (all.every((one) => one === record || file(one) !== own)) return `${name} (${own})`;
  const { line } = record.place;
  const isOnly = all.every((one) => one === record || file(one) !== own || one.place.line !== line);
  return isOnly ? `${name} (${own}:${line})` : `${name} (${own}, ${index + 1} of ${all.length})`;
}

/** The record without a name that a type is made of, arrays of it included. */
function anonymous(type: DebugType): RecordType | null {
  if (type.kind === 'array') return anonymous(type.element);
  if (type.kind === 'qualified') return anonymous(type.target);
  return type.kind === 'record' && type.name === null ? type : null;
}

function fieldsOf(record: RecordType, start: number): readonly FieldLayout[] {
  return record.fields.map((field) => fieldOf(field, start));
}

function fieldOf(field: Field, start: number): FieldLayout {
  const plain = strip(field.type);
  const offset = start + field.offset;
  return {
    name: field.name,
    offset,
    size: sizeOf(field.type) ?? 0,
    type: typeName(field.type),
    declaration: `${declare(field.type, field.name)}${field.bitSize === null ? '' : ` : ${field.bitSize}`}`,
    ...(field.bitSize === null ? {} : { bitOffset: start * 8 + field.bitOffset, bitSize: field.bitSize }),
    ...(plain.kind === 'record' && plain.fields.length > 0 ? { fields: fieldsOf(plain, offset) } : {}),
  };
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
