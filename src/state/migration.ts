import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, Field, RecordType } from '../debuginfo/types.js';
import { createTypeComparer, type TypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { declare, recordName } from '../layout/type-name.js';
import { libraryNamespaces } from './changed-records.js';
import { declareOld, oldName, printOld } from './old-types.js';
import type { Change, ChangeKind, StateModel } from './types.js';

const refusing: ReadonlySet<ChangeKind> = new Set(['behindPointer', 'unionChanged', 'flexibleArray', 'incompatible']);

/** A record of both builds, by the name that C calls it in both. */
interface ChangedRecord {
  /** `struct city`, `city_t`. */
  readonly type: string;
  readonly old: RecordType;
  readonly now: RecordType;
}

/**
 * A function in C, ready to paste, that makes the new form of a record out of the old one, for the first record that a
 * refusing change is about. Fits `hotmod_migration_t` of hotmod_state.h. Null where no record is at fault.
 */
export function writeMigration(before: StateModel, after: StateModel, changes: readonly Change[]): string | null {
  const compare = createTypeComparer();
  for (const change of changes) {
    if (!refusing.has(change.kind) || change.record === '') continue;
    const [old, now] = [findRecord(before, change.record), findRecord(after, change.record)];
    if (old === null || now === null || now.scope.length > 0 || compare.sameLayout(old, now)) continue;
    return print({ type: change.record, old, now }, after, compare);
  }
  return null;
}

function findRecord({ debug }: StateModel, name: string): RecordType | null {
  // Nobody writes migrations for the types of the C++ library.
  for (const type of debug?.typesByUnit(libraryNamespaces).flat() ?? []) {
    const plain = strip(type);
    if (plain.kind !== 'record' || !plain.complete) continue;
    const own = type.kind === 'typedef' ? type.name : recordName(plain);
    if (own === name) return plain;
  }
  return null;
}

function print({ type, old, now }: ChangedRecord, after: StateModel, compare: TypeComparer): string {
  const name = type.replace(/^(struct|class|union) /, '');
  const inNew = { find: (wanted: string): RecordType | null => findRecord(after, wanted), compare };
  const lines = now.fields.map((field) => copyLine(old, field, compare));
  const dropped = old.fields.filter((one) => one.name !== '' && !now.fields.some((field) => field.name === one.name));
  return [
    '/* The old layout, for the migration alone. */',
    ...printOld(old, name, inNew),
    '',
    `static int migrate_${name}(const void *old_state, size_t old_size, void **new_state, size_t *new_size) {`,
    `  const ${oldName(name)} *old = old_state;`,
    `  if (old_size < sizeof *old) return 1;`,
    `  ${type} *now = calloc(1, sizeof *now);`,
    '  if (now == NULL) return 1;',
    ...lines,
    ...dropped.map((field) => `  /* TODO: old->${field.name} has no place any more */`),
    '  *new_state = now;',
    '  *new_size = sizeof *now;',
    '  return 0;',
    '}',
  ].join('\n');
}

/** What can be said in C about one field without knowing what it means. */
function copyLine(old: RecordType, field: Field, compare: TypeComparer): string {
  const before = old.fields.find((one) => one.name === field.name);
  if (field.name === '') return '  /* TODO: the members without a name */';
  if (before === undefined) return `  /* TODO: now->${field.name} is new and starts as zero */`;
  const [then, here] = [strip(before.type), strip(field.type)];
  const isText = [then, here].every((one) => one.kind === 'array' && isCharacter(one.element));
  if (isText && sizeOf(then) !== sizeOf(here)) return copyText(field.name);
  if (compare.sameLayout(then, here)) {
    const isAssigned = here.kind !== 'array' && here.kind !== 'record' && !isReadOnly(field.type);
    return isAssigned
      ? `  now->${field.name} = old->${field.name};`
      : `  memcpy((void *)&now->${field.name}, &old->${field.name}, sizeof now->${field.name});`;
  }
  const areNumbers = [then, here].every(({ kind }) => kind === 'base' || kind === 'enum');
  if (!areNumbers || isReadOnly(field.type)) {
    return `  /* TODO: now->${field.name} (${declareOld(field)}) from old->${field.name} (${declareOld(before)}) */`;
  }
  return `  now->${field.name} = (${declare(here, '')})old->${field.name};`;
}

/** As much of a text as fits, ended by a zero, which calloc has left. */
function copyText(name: string): string {
  const [now, old] = [`now->${name}`, `old->${name}`];
  return `  memcpy(${now}, ${old}, sizeof ${now} <= sizeof ${old} ? sizeof ${now} - 1 : sizeof ${old});`;
}

function isCharacter(type: DebugType): boolean {
  const plain = strip(type);
  return plain.kind === 'base' && plain.encoding === 'character';
}

function isReadOnly(type: DebugType): boolean {
  if (type.kind === 'typedef') return isReadOnly(type.target);
  return type.kind === 'qualified' && (type.qualifier === 'const' || isReadOnly(type.target));
}
