import type { DebugType, EnumType, RecordType } from '../debuginfo/types.js';
import { type PlainType, strip } from './strip.js';
import { recordName, typeName } from './type-name.js';

/** Where two types of two builds differ first, and how. */
export interface Difference {
  /** `.budget.money`, `[].x`, `->next`; '' for the types themselves. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Compares types of two builds. Layout and meaning count: names, offsets, sizes, values of enumerators, what pointers
 * lead to in full depth. Qualifiers and the names of types do not: `struct a {int x;}` and `struct b {int x;}` are the same. Two declarations without a definition are the same where
 * their names are. Answers are kept, so that comparing thousands of variables stays linear.
 */
export interface TypeComparer {
  /** The same, pointees included. */
  same(before: DebugType, after: DebugType): boolean;
  /** The same by value: what pointers lead to is not looked at. */
  sameLayout(before: DebugType, after: DebugType): boolean;
  /** The first difference of two types, pointees included; null where there is none. */
  difference(before: DebugType, after: DebugType): Difference | null;
}

export function createTypeComparer(): TypeComparer {
  const deep = comparison(true);
  const flat = comparison(false);
  return {
    same: (before, after) => deep(before, after) === null,
    sameLayout: (before, after) => flat(before, after) === null,
    difference: deep,
  };
}

type Compare = (before: DebugType, after: DebugType) => Difference | null;

/**
 * Types may refer to themselves, so a pair that is being compared is taken to be the same until something else differs
 * (a coinductive proof). Answers found below such a supposition are only kept once the outermost comparison has ended well.
 */
function comparison(throughPointers: boolean): Compare {
  const proven = new WeakMap<object, WeakSet<object>>();
  const refuted = new WeakMap<object, WeakMap<object, Difference>>();
  let supposed: [object, object][] = [];
  let depth = 0;

  const compare = (a: DebugType, b: DebugType): Difference | null => {
    const before = strip(a);
    const after = strip(b);
    if (before === after) return null;
    if (!isLarge(before)) return compareParts(before, after);
    if (proven.get(before)?.has(after)) return null;
    const known = refuted.get(before)?.get(after);
    if (known !== undefined) return known;

    remember(proven, before, after);
    supposed.push([before, after]);
    depth++;
    const difference = compareParts(before, after);
    depth--;
    if (difference !== null) {
      // What was proven on the supposition that this pair is the same is not proven any more.
      for (const [x, y] of supposed) proven.get(x)?.delete(y);
      supposed = [];
      const answers = refuted.get(before) ?? new WeakMap<object, Difference>();
      answers.set(after, difference);
      refuted.set(before, answers);
    } else if (depth === 0) supposed = [];
    return difference;
  };

  const compareParts = (before: PlainType, after: PlainType): Difference | null => {
    if (before.kind !== after.kind) return differ(before, after);
    if (before.kind === 'void' || after.kind === 'void') return null;
    if (before.kind === 'base' && after.kind === 'base') {
      const same = before.size === after.size && before.encoding === after.encoding;
      return same ? null : differ(before, after);
    }
    if (before.kind === 'pointer' && after.kind === 'pointer') {
      if (before.form !== after.form || before.size !== after.size) return differ(before, after);
      return throughPointers ? under('->', compare(before.target, after.target)) : null;
    }
    if (before.kind === 'array' && after.kind === 'array') {
      const same =
        before.dimensions.length === after.dimensions.length &&
        before.dimensions.every((count, n) => count === after.dimensions[n]);
      return same ? under('[]', compare(before.element, after.element)) : differ(before, after);
    }
    if (before.kind === 'enum' && after.kind === 'enum') return sameEnum(before, after) ? null : differ(before, after);
    if (before.kind === 'record' && after.kind === 'record') return compareRecords(before, after, compare);
    if (before.kind === 'function' && after.kind === 'function') {
      if (before.variadic !== after.variadic || before.parameters.length !== after.parameters.length) {
        return differ(before, after);
      }
      for (const [n, parameter] of before.parameters.entries()) {
        const other = after.parameters[n];
        if (other !== undefined && compare(parameter, other) !== null) return differ(before, after);
      }
      return compare(before.returns, after.returns) === null ? null : differ(before, after);
    }
    return before.kind === 'unspecified' && after.kind === 'unspecified' && before.name === after.name
      ? null
      : differ(before, after);
  };

  return compare;
}

function compareRecords(before: RecordType, after: RecordType, compare: Compare): Difference | null {
  if ((before.form === 'union') !== (after.form === 'union')) return differ(before, after);
  if (!before.complete || !after.complete) {
    // Nothing but its name is known of what is only declared.
    const same = before.complete === after.complete && recordName(before) === recordName(after);
    return same ? null : differ(before, after);
  }
  const shape = (record: RecordType): string => `${record.bases.length} ${record.vtableOffset}`;
  if (shape(before) !== shape(after)) return differ(before, after);
  for (const [n, base] of before.bases.entries()) {
    const other = after.bases[n];
    if (other === undefined || other.virtual !== base.virtual || other.offset !== base.offset)
      return differ(before, after);
    const difference = compare(base.type, other.type);
    if (difference !== null) return difference;
  }
  for (let n = 0; n < Math.max(before.fields.length, after.fields.length); n++) {
    const [own, other] = [before.fields[n], after.fields[n]];
    const same = own?.name === other?.name && own?.bitOffset === other?.bitOffset && own?.bitSize === other?.bitSize;
    if (own === undefined || other === undefined || !same) {
      return { path: `.${(own ?? other)?.name ?? ''}`, before: sideOf(own), after: sideOf(other) };
    }
    const difference = under(own.name === '' ? '' : `.${own.name}`, compare(own.type, other.type));
    if (difference !== null) return difference;
  }
  return before.size === after.size ? null : { path: '', before: `${before.size} bytes`, after: `${after.size} bytes` };
}

function sideOf(field: RecordType['fields'][number] | undefined): string {
  if (field === undefined) return 'nothing';
  return field.bitSize === null
    ? `${typeName(field.type)} ${field.name} at offset ${field.offset}`
    : `${typeName(field.type)} ${field.name} : ${field.bitSize} at bit ${field.bitOffset}`;
}

/** An enumerator that is new changes nothing for the values that live. */
function sameEnum(before: EnumType, after: EnumType): boolean {
  if (before.size !== after.size || before.signed !== after.signed) return false;
  const values = new Map(after.members.map((one) => [one.name, one.value]));
  return before.members.every((one) => values.get(one.name) === one.value);
}

/** Only these can lead back to themselves, or are worth remembering. */
function isLarge(type: PlainType): boolean {
  return type.kind === 'record' || type.kind === 'function' || type.kind === 'array' || type.kind === 'pointer';
}

function differ(before: DebugType, after: DebugType): Difference {
  return { path: '', before: typeName(before), after: typeName(after) };
}

function under(step: string, difference: Difference | null): Difference | null {
  return difference === null ? null : { ...difference, path: `${step}${difference.path}` };
}

function remember(answers: WeakMap<object, WeakSet<object>>, before: object, after: object): void {
  const all = answers.get(before) ?? new WeakSet<object>();
  all.add(after);
  answers.set(before, all);
}
