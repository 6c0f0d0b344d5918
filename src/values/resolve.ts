import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { formsOf } from '../state/keys.js';
import type { StateModel, StateVariable } from '../state/types.js';
import { didYouMean } from '../text/nearest.js';

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

/** A path that leads nowhere. The message is a sentence with what would have been possible. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

/**
 * Finds what a path means: `city.people`, `houses[3].floor`, `tick::calls`, `file.c:count`, `ns::count`, `first->next`.
 *
 * @throws PathError where there is no such variable, field or element.
 */
export function resolvePath(model: StateModel, path: string): ResolvedValue {
  const found = findVariable(model, path);
  let place: ResolvedValue = {
    path: found.variable.path,
    type: found.variable.variable.type,
    address: found.variable.address,
    size: found.variable.size,
    bits: null,
    hops: [],
  };
  for (const step of stepsOf(path, found.length)) place = take(place, step);
  return { ...place, path };
}

/** All variables, as `resolvePath` would give them. */
export function resolveAll(model: StateModel): readonly ResolvedValue[] {
  return model.variables.map((one) => ({
    path: one.path,
    type: one.variable.type,
    address: one.address,
    size: one.size,
    bits: null,
    hops: [],
  }));
}

function findVariable(model: StateModel, path: string): { readonly variable: StateVariable; readonly length: number } {
  let best: { variable: StateVariable; length: number; count: number } | null = null;
  for (const variable of [...model.variables, ...model.readOnly]) {
    for (const form of new Set([variable.path, ...formsOf(variable.variable)])) {
      if (!path.startsWith(form) || !/^($|\.|\[|->)/.test(path.slice(form.length))) continue;
      const own = variable.path === form ? Number.POSITIVE_INFINITY : 0;
      if (best === null || form.length > best.length || (form.length === best.length && own > 0)) {
        best = { variable, length: form.length, count: 1 };
      } else if (form.length === best.length && best.variable !== variable && best.variable.path !== form) best.count++;
    }
  }
  if (best !== null && best.count === 1) return best;
  const names = model.variables.map((one) => one.path);
  const start = /^[^.[-]*/.exec(path)?.[0] ?? path;
  if (best === null) throw new PathError(`There is no variable "${start}".${didYouMean(start, names)}`);
  const forms = names.filter((name) => name.endsWith(start)).join(', ');
  throw new PathError(`"${start}" may be one of several variables: ${forms}.`);
}

type Step = { readonly field: string } | { readonly index: number } | { readonly follow: true };

function stepsOf(path: string, from: number): readonly Step[] {
  const steps: Step[] = [];
  const pattern = /\.([A-Za-z_]\w*)|\[(\d+)\]|->([A-Za-z_]\w*)|->/y;
  pattern.lastIndex = from;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw new PathError(`"${path}" cannot be read from "${path.slice(at)}" on.`);
    const [, field, index, behind] = match;
    if (field !== undefined) steps.push({ field });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ follow: true }, ...(behind === undefined ? [] : [{ field: behind }]));
  }
  return steps;
}

function take(place: ResolvedValue, step: Step): ResolvedValue {
  const plain = strip(place.type);
  if ('field' in step) {
    if (plain.kind === 'pointer') return take(take(place, { follow: true }), step);
    if (plain.kind !== 'record')
      throw new PathError(`${place.path} is of type ${typeName(place.type)} and has no fields.`);
    return takeField(place, plain, step.field);
  }
  if ('follow' in step) {
    if (plain.kind !== 'pointer')
      throw new PathError(`${place.path} is no pointer but of type ${typeName(place.type)}.`);
    const size = sizeOf(plain.target);
    if (size === null)
      throw new PathError(`What ${place.path} points to has no size: it is ${typeName(plain.target)}.`);
    return {
      path: `${place.path}->`,
      type: plain.target,
      address: place.address,
      size,
      bits: null,
      hops: [...place.hops, 0],
    };
  }
  if (plain.kind === 'array') {
    const [count = null, ...rest] = plain.dimensions;
    const row: DebugType =
      rest.length === 0
        ? plain.element
        : {
            kind: 'array',
            element: plain.element,
            dimensions: rest,
            vector: false,
            size: rowSize(plain.element, rest),
          };
    const size = sizeOf(row) ?? 0;
    const most = count ?? (size > 0 ? Math.floor(place.size / size) : 0);
    if (step.index >= most) throw new PathError(`${place.path} has ${most} elements; there is no [${step.index}].`);
    return { ...moved(place, step.index * size), path: `${place.path}[${step.index}]`, type: row, size, bits: null };
  }
  if (plain.kind === 'pointer') {
    const behind = take(place, { follow: true });
    return { ...moved(behind, step.index * behind.size), path: `${place.path}[${step.index}]` };
  }
  throw new PathError(`${place.path} is of type ${typeName(place.type)} and has no elements.`);
}

function rowSize(element: DebugType, dimensions: readonly (number | null)[]): number | null {
  return dimensions.reduce<number | null>((all, n) => (all === null || n === null ? null : all * n), sizeOf(element));
}

function takeField(place: ResolvedValue, record: RecordType, name: string): ResolvedValue {
  const found = findField(record, name, 0);
  if (found === null) {
    const names = fieldNames(record);
    throw new PathError(`${place.path} has no field "${name}".${didYouMean(name, names)} It has ${names.join(', ')}.`);
  }
  const { field, offset } = found;
  const flexible = sizeOf(field.type) === null;
  return {
    ...moved(place, offset + field.offset),
    path: `${place.path}.${name}`,
    type: field.type,
    size: flexible ? Math.max(place.size - offset - field.offset, 0) : (sizeOf(field.type) ?? 0),
    bits: field.bitSize === null ? null : { size: field.bitSize, first: field.bitOffset - field.offset * 8 },
  };
}

type Found = { readonly field: RecordType['fields'][number]; readonly offset: number };

/** Members of anonymous members and of bases belong to the record. */
function findField(record: RecordType, name: string, offset: number): Found | null {
  const own = record.fields.find((field) => field.name === name);
  if (own !== undefined) return { field: own, offset };
  const inside = [
    ...record.fields.filter((field) => field.name === ''),
    ...record.bases.flatMap((base) => (base.offset === null ? [] : [{ type: base.type, offset: base.offset }])),
  ];
  for (const one of inside) {
    const plain = strip(one.type);
    const found = plain.kind === 'record' ? findField(plain, name, offset + one.offset) : null;
    if (found !== null) return found;
  }
  return null;
}

function fieldNames(record: RecordType): readonly string[] {
  const inner = [...record.fields.filter((field) => field.name === ''), ...record.bases].flatMap(({ type }) => {
    const plain = strip(type);
    return plain.kind === 'record' ? fieldNames(plain) : [];
  });
  return [...record.fields.map((field) => field.name).filter((name) => name !== ''), ...inner];
}

function moved(place: ResolvedValue, by: number): ResolvedValue {
  const last = place.hops.at(-1);
  if (last === undefined) return { ...place, address: place.address + by };
  return { ...place, hops: [...place.hops.slice(0, -1), last + by] };
}
