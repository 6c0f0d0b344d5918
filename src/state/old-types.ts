import type { DebugType, Field, RecordType } from '../debuginfo/types.js';
import type { TypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { declare, recordName } from '../layout/type-name.js';

/** What the new source, into which the text is pasted, has already. */
export interface NewTypes {
  find(name: string): RecordType | null;
  readonly compare: TypeComparer;
}

export function oldName(name: string): string {
  return `struct ${name}_old`;
}

/**
 * Definitions in C of a record as it was, and before it those of the records inside it that have changed too. Names of
 * typedefs are not used, because they may mean something else by now. The compiler is made to look whether the size is right.
 */
export function printOld(record: RecordType, name: string, types: NewTypes): readonly string[] {
  const inner = changedInside(record, types);
  const inside = inner.flatMap((one) => (one.name === null ? [] : printOne(one, one.name, inner)));
  return [...inside, ...printOne(record, name, inner)];
}

function printOne(record: RecordType, name: string, changed: readonly RecordType[]): readonly string[] {
  const keyword = record.form === 'union' ? 'union' : 'struct';
  return [
    `${keyword} ${name}_old {`,
    ...record.fields.map((field) => `  ${fieldText(field, changed)};`),
    '};',
    `_Static_assert(sizeof(${keyword} ${name}_old) == ${record.size}, "the old layout");`,
  ];
}

/** A field as C declares it, for a remark. */
export function declareOld(field: Field): string {
  const bits = field.bitSize === null ? '' : ` : ${field.bitSize}`;
  return `${declare(field.type, field.name)}${bits}`;
}

function fieldText(field: Field, changed: readonly RecordType[]): string {
  const bits = field.bitSize === null ? '' : ` : ${field.bitSize}`;
  return `${text(field.type, field.name, changed)}${bits}`;
}

/** The declaration of a name with a type that means the same in the new source. */
function text(type: DebugType, name: string, changed: readonly RecordType[]): string {
  const plain = strip(type);
  switch (plain.kind) {
    case 'array':
      return text(plain.element, `${name}${plain.dimensions.map((count) => `[${count ?? ''}]`).join('')}`, changed);
    case 'pointer':
      return `void *${name}`;
    case 'enum':
      return `${plain.signed ? '' : 'unsigned '}${integers.get(plain.size) ?? 'int'} ${name}`;
    case 'record': {
      if (plain.name === null) {
        const fields = plain.fields.map((field) => `${fieldText(field, changed)};`).join(' ');
        return `${plain.form === 'union' ? 'union' : 'struct'} { ${fields} } ${name}`.trimEnd();
      }
      const isChanged = changed.some((one) => one.name === plain.name);
      return `${recordName(plain)}${isChanged ? '_old' : ''} ${name}`;
    }
    default:
      return declare(plain, name);
  }
}

const integers: ReadonlyMap<number, string> = new Map([
  [1, 'char'],
  [2, 'short'],
  [4, 'int'],
  [8, 'long'],
]);

/** Records that a record holds by value and that the new source has not, or not like that; the innermost first. */
function changedInside(record: RecordType, types: NewTypes): readonly RecordType[] {
  const found: RecordType[] = [];
  const visit = (type: DebugType): void => {
    const plain = strip(type);
    if (plain.kind === 'array') visit(plain.element);
    if (plain.kind !== 'record' || found.some((one) => one.name !== null && one.name === plain.name)) return;
    for (const field of plain.fields) visit(field.type);
    if (plain.name === null) return;
    const now = types.find(recordName(plain));
    if (now === null || !types.compare.sameLayout(plain, now)) found.push(plain);
  };
  for (const field of record.fields) visit(field.type);
  return found;
}
