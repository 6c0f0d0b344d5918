import type { DebugType } from '../debuginfo/types.js';

export type PlainType = Exclude<DebugType, { readonly kind: 'typedef' } | { readonly kind: 'qualified' }>;

/** What a type is, without the names and qualifiers around it. */
export function strip(type: DebugType): PlainType {
  let current = type;
  while (current.kind === 'typedef' || current.kind === 'qualified') current = current.target;
  return current;
}

/** Whether an object of the type may hold a pointer, itself or in what it embeds. */
export function holdsPointers(type: DebugType): boolean {
  const plain = strip(type);
  switch (plain.kind) {
    case 'pointer':
    case 'unspecified':
      return true;
    case 'array':
      return holdsPointers(plain.element);
    case 'record':
      return recordHoldsPointers(plain);
    default:
      return false;
  }
}

const answers = new WeakMap<object, boolean>();

function recordHoldsPointers(record: Extract<PlainType, { readonly kind: 'record' }>): boolean {
  const known = answers.get(record);
  if (known !== undefined) return known;
  const answer =
    record.vtableOffset !== null ||
    record.bases.some((base) => base.virtual || holdsPointers(base.type)) ||
    record.fields.some((field) => holdsPointers(field.type));
  answers.set(record, answer);
  return answer;
}
