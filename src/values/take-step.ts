import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, Field, RecordType } from '../debuginfo/types.js';
import { rowsOf } from '../layout/rows.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { didYouMean } from '../text/nearest.js';
import { findPointer } from './parts.js';
import { PathError, type Step } from './path.js';
import type { ResolvedValue } from './types.js';

/**
 * Goes on from a place by one step of a path.
 *
 * @throws PathError where the place has no such field or element, or leads nowhere.
 */
export function takeStep(place: ResolvedValue, step: Step): ResolvedValue {
  if ('field' in step) return takeField(place, step.field, step.at);
  if ('follow' in step) return follow(place, step.at);
  return takeElement(place, step.index, step.at);
}

function follow(place: ResolvedValue, at: number): ResolvedValue {
  const plain = strip(place.type);
  if (plain.kind === 'record') {
    const pointer = smartPointer(plain);
    if (pointer !== null) return { ...follow(inside(place, pointer), at), path: `${place.path}->` };
  }
  if (plain.kind !== 'pointer' || plain.form === 'memberPointer')
    throw new PathError(`${place.path} is no pointer but of type ${typeName(place.type)}.`, at);
  const size = sizeOf(plain.target);
  if (size === null)
    throw new PathError(`What ${place.path} points to has no size: it is ${typeName(plain.target)}.`, at);
  const { address, hops } = place;
  return { path: `${place.path}->`, type: plain.target, address, size, bits: null, hops: [...hops, 0] };
}

function takeField(place: ResolvedValue, name: string, at: number): ResolvedValue {
  const plain = strip(place.type);
  if (plain.kind === 'pointer') return takeField(follow(place, at), name, at);
  if (plain.kind !== 'record')
    throw new PathError(`${nameOf(place)} is of type ${typeName(place.type)} and has no fields.`, at);
  const found = findField(plain, name, 0);
  if (found === null && smartPointer(plain) !== null) return takeField(follow(place, at), name, at);
  if (found === null) {
    const names = fieldNames(plain);
    const has = names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`;
    throw new PathError(`${nameOf(place)} has no field "${name}".${didYouMean(name, names)} ${has}`, at);
  }
  const { field, offset } = found;
  const start = offset + field.offset;
  const bits = field.bitSize === null ? null : { size: field.bitSize, first: field.bitOffset - field.offset * 8 };
  // Of a flexible array there is as much as the variable has room for.
  const whole = sizeOf(field.type) ?? Math.max(place.size - start, 0);
  return {
    ...moved(place, start),
    path: place.path.endsWith('->') ? `${place.path}${name}` : `${place.path}.${name}`,
    type: field.type,
    size: bits === null ? whole : Math.ceil((bits.first + bits.size) / 8),
    bits,
  };
}

function takeElement(place: ResolvedValue, index: number, at: number): ResolvedValue {
  const plain = strip(place.type);
  const path = `${nameOf(place)}[${index}]`;
  if (plain.kind === 'array') {
    const { count, element: row } = rowsOf(plain);
    const size = sizeOf(row) ?? 0;
    const most = count ?? (size > 0 ? Math.floor(place.size / size) : 0);
    if (index >= most) throw new PathError(`${nameOf(place)} has ${elements(most)}; there is no [${index}].`, at);
    return { ...moved(place, index * size), path, type: row, size, bits: null };
  }
  if (plain.kind === 'pointer' && plain.form === 'pointer') {
    const behind = follow(place, at);
    return { ...moved(behind, index * behind.size), path };
  }
  const held = plain.kind === 'record' ? elementsOf(plain) : null;
  if (held !== null) return { ...takeElement(inside(place, held), index, at), path };
  throw new PathError(`${nameOf(place)} is of type ${typeName(place.type)} and has no elements.`, at);
}

function elements(count: number): string {
  return count === 1 ? '1 element' : `${count} elements`;
}

type Found = { readonly field: Field; readonly offset: number };

/** Members of anonymous members and of bases belong to the record. */
function findField(record: RecordType, name: string, offset: number): Found | null {
  const own = record.fields.find((field) => field.name === name);
  if (own !== undefined) return { field: own, offset };
  for (const one of openParts(record)) {
    const plain = strip(one.type);
    const found = plain.kind === 'record' ? findField(plain, name, offset + one.offset) : null;
    if (found !== null) return found;
  }
  return null;
}

function fieldNames(record: RecordType): readonly string[] {
  const inner = openParts(record).flatMap(({ type }) => {
    const plain = strip(type);
    return plain.kind === 'record' ? fieldNames(plain) : [];
  });
  return [...record.fields.map((field) => field.name).filter((name) => name !== ''), ...inner];
}

function openParts(record: RecordType): readonly { readonly type: DebugType; readonly offset: number }[] {
  return [
    ...record.fields.filter((field) => field.name === ''),
    ...record.bases.flatMap(({ type, offset }) => (offset === null ? [] : [{ type, offset }])),
  ];
}

interface Inner {
  readonly type: DebugType;
  readonly offset: number;
}

/** The pointer that std::unique_ptr or std::shared_ptr is, by the fields of libstdc++. */
function smartPointer(record: RecordType): Inner | null {
  if (record.scope[0] !== 'std') return null;
  const kind = /^(unique|shared)_ptr</.exec(record.name ?? '')?.[1];
  if (kind === undefined) return null;
  const found = findField(record, kind === 'unique' ? '_M_t' : '_M_ptr', 0);
  const pointer = found === null ? null : findPointer(found.field.type);
  if (found === null || pointer === null) return null;
  return { type: pointer.type, offset: found.offset + found.field.offset + pointer.offset };
}

/** What holds the elements of std::vector (a pointer to them) or std::array (all of them). */
function elementsOf(record: RecordType): Inner | null {
  if (record.scope[0] !== 'std') return null;
  const kind = /^(vector|array)</.exec(record.name ?? '')?.[1];
  const names = kind === 'vector' ? ['_M_impl', '_M_start'] : kind === 'array' ? ['_M_elems'] : [];
  let at: Inner | null = names.length === 0 ? null : { type: record, offset: 0 };
  for (const name of names) {
    const plain: DebugType | null = at === null ? null : strip(at.type);
    const found: Found | null = plain?.kind === 'record' ? findField(plain, name, at?.offset ?? 0) : null;
    at = found === null ? null : { type: found.field.type, offset: found.offset + found.field.offset };
  }
  return at;
}

function inside(place: ResolvedValue, { type, offset }: Inner): ResolvedValue {
  return { ...moved(place, offset), type, size: sizeOf(type) ?? 0, bits: null };
}

function moved(place: ResolvedValue, by: number): ResolvedValue {
  const last = place.hops.at(-1);
  if (last === undefined) return { ...place, address: place.address + by };
  return { ...place, hops: [...place.hops.slice(0, -1), last + by] };
}

/** For a message: what `first->` leads to is `*first` to most. */
function nameOf({ path }: ResolvedValue): string {
  return path.endsWith('->') ? `*${path.slice(0, -2)}` : path;
}
