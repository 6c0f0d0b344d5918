import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, Field, RecordType } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { declare, recordName } from '../layout/type-name.js';
import type { Change, ChangeKind, StateModel } from './types.js';

const refusing: ReadonlySet<ChangeKind> = new Set(['behindPointer', 'unionChanged', 'flexibleArray', 'incompatible']);

/**
 * A function in C, ready to paste, that makes the new form of a record out of the old one, for the first record that a
 * refusing change is about. Fits `hotmod_migration_t` of hotmod_state.h. Null where no record is at fault.
 */
export function writeMigration(before: StateModel, after: StateModel, changes: readonly Change[]): string | null {
  for (const change of changes) {
    if (!refusing.has(change.kind)) continue;
    const [old, now] = [findRecord(before, change), findRecord(after, change)];
    if (old !== null && now !== null && now.scope.length === 0) return print(old, now);
  }
  return null;
}

function findRecord({ debug }: StateModel, { record }: Change): RecordType | null {
  if (record === '') return null;
  const found = debug?.types.find((type) => type.kind === 'record' && recordName(type) === record);
  return found?.kind === 'record' ? found : null;
}

function print(old: RecordType, now: RecordType): string {
  const name = now.name ?? 'state';
  const oldName = `struct ${name}_old`;
  const { sameLayout } = createTypeComparer();
  const lines = now.fields.map((field) => {
    const before = old.fields.find((one) => one.name === field.name);
    if (field.name === '') return '  /* TODO: the members without a name */';
    if (before === undefined) return `  /* TODO: now->${field.name} is new and starts as zero */`;
    if (!sameLayout(before.type, field.type)) return convertLine(before, field);
    return strip(field.type).kind === 'array'
      ? `  memcpy(now->${field.name}, old->${field.name}, sizeof now->${field.name});`
      : `  now->${field.name} = old->${field.name};`;
  });
  const dropped = old.fields.filter((one) => one.name !== '' && !now.fields.some((field) => field.name === one.name));
  return [
    '/* The old layout, for the migration alone. */',
    `${oldName} {`,
    ...old.fields.map((field) => `  ${declareField(field)};`),
    '};',
    '',
    `static int migrate_${name}(const void *old_state, size_t old_size, void **new_state, size_t *new_size) {`,
    `  const ${oldName} *old = old_state;`,
    `  ${recordName(now)} *now = calloc(1, sizeof *now);`,
    `  if (now == NULL || old_size < ${old.size}) return 1;`,
    ...lines,
    ...dropped.map((field) => `  /* TODO: old->${field.name} has no place any more */`),
    '  *new_state = now;',
    '  *new_size = sizeof *now;',
    '  return 0;',
    '}',
  ].join('\n');
}

function convertLine(before: Field, field: Field): string {
  const numbers = [before, field].every(({ type }) => ['base', 'enum'].includes(strip(type).kind));
  return numbers
    ? `  now->${field.name} = (${declare(field.type, '')})old->${field.name};`
    : `  /* TODO: now->${field.name} from old->${field.name} */`;
}

/** Types that only the old build has would not compile: their bytes stand for them. */
function declareField(field: Field): string {
  const plain = strip(field.type);
  if (field.bitSize !== null) return `${declare(field.type, field.name)} : ${field.bitSize}`;
  if (isNameless(plain))
    return `unsigned char ${field.name === '' ? `unnamed_${field.offset}` : field.name}[${sizeOf(plain) ?? 0}]`;
  return declare(field.type, field.name);
}

function isNameless(type: DebugType): boolean {
  const plain = strip(type);
  if (plain.kind === 'array') return isNameless(plain.element);
  return (plain.kind === 'record' || plain.kind === 'enum') && plain.name === null;
}
