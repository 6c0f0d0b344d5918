import type { ArrayType, DebugType, EnumType, Field, FunctionType, RecordType } from '../debuginfo/types.js';
import { type PlainType, strip } from './strip.js';
import { recordName, typeName } from './type-name.js';

/** Either two types that must be the same for their owners to be, or what differs. */
export type Part =
  | { readonly step: string; readonly before: DebugType; readonly after: DebugType }
  | { readonly path: string; readonly said: readonly [before: string, after: string] };

/**
 * What the sameness of two types hangs on, in the order of the declaration. After the first difference of the two
 * themselves nothing follows.
 *
 * @param throughPointers whether what pointers lead to belongs to it.
 */
export function comparePair(before: PlainType, after: PlainType, throughPointers: boolean): readonly Part[] {
  switch (before.kind) {
    case 'void':
      return after.kind === 'void' ? [] : differ(before, after);
    case 'unspecified':
      return after.kind === 'unspecified' && before.name === after.name ? [] : differ(before, after);
    case 'base': {
      const same = after.kind === 'base' && before.size === after.size && before.encoding === after.encoding;
      return same && (isPlainNumber(before) || before.name === after.name) ? [] : differ(before, after);
    }
    case 'pointer': {
      const same = after.kind === 'pointer' && before.form === after.form && before.size === after.size;
      if (!same) return differ(before, after);
      return throughPointers ? [{ step: '->', before: before.target, after: after.target }] : [];
    }
    case 'array':
      return after.kind === 'array' ? compareArrays(before, after) : differ(before, after);
    case 'enum':
      return after.kind === 'enum' && sameEnum(before, after) ? [] : differ(before, after);
    case 'record':
      return after.kind === 'record' ? compareRecords(before, after) : differ(before, after);
    case 'function':
      return after.kind === 'function' ? compareFunctions(before, after) : differ(before, after);
    default: {
      const unknown: never = before;
      throw new Error(`comparePair: ${JSON.stringify(unknown)}`);
    }
  }
}

/**
 * Size and encoding say how the bits are read; of floats that is so for 4 and 8 bytes only. `long double` and
 * `__float128` are both floats of 16 bytes on x86, `_Float16` and `__bf16` both of 2.
 */
function isPlainNumber({ encoding, size }: Extract<PlainType, { readonly kind: 'base' }>): boolean {
  if (encoding === 'float') return size === 4 || size === 8;
  if (encoding === 'complex') return size === 8 || size === 16;
  return encoding !== 'decimal' && encoding !== 'other';
}

/** `row grid[2]` with `typedef int row[3]` is `int grid[2][3]`. A SIMD vector is no array: it may be larger than its elements. */
function compareArrays(before: ArrayType, after: ArrayType): readonly Part[] {
  const [one, other] = [flatten(before), flatten(after)];
  const sameShape =
    one.vector === other.vector &&
    one.dimensions.length === other.dimensions.length &&
    one.dimensions.every((count, n) => count === other.dimensions[n]);
  if (!sameShape) return differ(before, after);
  const elements = { step: '[]', before: one.element, after: other.element };
  return before.size === after.size ? [elements] : [elements, ...differ(before, after)];
}

function flatten(array: ArrayType): Pick<ArrayType, 'dimensions' | 'element' | 'vector'> {
  const dimensions = [...array.dimensions];
  let element = array.element;
  for (let inner = strip(element); !array.vector && inner.kind === 'array' && !inner.vector; inner = strip(element)) {
    dimensions.push(...inner.dimensions);
    element = inner.element;
  }
  return { dimensions, element, vector: array.vector };
}

/** An enumerator that is new changes nothing for the values that live. */
function sameEnum(before: EnumType, after: EnumType): boolean {
  if (before.size !== after.size || before.signed !== after.signed || before.complete !== after.complete) return false;
  if (!before.complete) return typeName(before) === typeName(after);
  const values = new Map(after.members.map((one) => [one.name, one.value]));
  return before.members.every((one) => values.get(one.name) === one.value);
}

function compareFunctions(before: FunctionType, after: FunctionType): readonly Part[] {
  const [own, others] = [before.parameters, after.parameters];
  if (before.variadic !== after.variadic || own.length !== others.length) return differ(before, after);
  return [
    ...own.map((parameter, n) => ({ step: `(${n + 1})`, before: parameter, after: others[n] ?? parameter })),
    { step: '()', before: before.returns, after: after.returns },
  ];
}

function compareRecords(before: RecordType, after: RecordType): readonly Part[] {
  if ((before.form === 'union') !== (after.form === 'union') || before.complete !== after.complete) {
    return differ(before, after);
  }
  // Nothing but its name is known of what is only declared.
  const namesCount = !before.complete || isTemplate(before) || isTemplate(after);
  if (namesCount && recordName(before) !== recordName(after)) return differ(before, after);
  if (!before.complete) return [];
  if (before.bases.length !== after.bases.length || before.vtableOffset !== after.vtableOffset) {
    return differ(before, after);
  }
  const parts: Part[] = [];
  for (const [n, base] of before.bases.entries()) {
    const other = after.bases[n];
    if (other?.virtual !== base.virtual || other.offset !== base.offset) return [...parts, ...differ(before, after)];
    parts.push({ step: '', before: base.type, after: other.type });
  }
  for (let n = 0; n < Math.max(before.fields.length, after.fields.length); n++) {
    const [own, other] = [before.fields[n], after.fields[n]];
    if (own === undefined || other === undefined || !samePlace(own, other)) {
      const name = (own ?? other)?.name ?? '';
      return [...parts, { path: name === '' ? '' : `.${name}`, said: [describe(own), describe(other)] }];
    }
    parts.push({ step: own.name === '' ? '' : `.${own.name}`, before: own.type, after: other.type });
  }
  if (before.size !== after.size) parts.push({ path: '', said: [`${before.size} bytes`, `${after.size} bytes`] });
  return parts;
}

/** A template, or a class inside one. */
function isTemplate({ name, scope }: RecordType): boolean {
  return [...scope, name].some((one) => one?.endsWith('>') === true);
}

function samePlace(own: Field, other: Field): boolean {
  return own.name === other.name && own.bitOffset === other.bitOffset && own.bitSize === other.bitSize;
}

function describe(field: Field | undefined): string {
  if (field === undefined) return 'nothing';
  return field.bitSize === null
    ? `${typeName(field.type)} ${field.name} at offset ${field.offset}`
    : `${typeName(field.type)} ${field.name} : ${field.bitSize} at bit ${field.bitOffset}`;
}

function differ(before: DebugType, after: DebugType): readonly Part[] {
  return [{ path: '', said: [typeName(before), typeName(after)] }];
}
