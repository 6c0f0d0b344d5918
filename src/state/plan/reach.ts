import type { DebugType, RecordType } from '../../debuginfo/types.js';
import type { PlainType } from '../../layout/strip.js';
import { recordName, typeName } from '../../layout/type-name.js';
import { type Both, isByte, isLibraryType, type PlanContext } from './context.js';
import { keptReach } from './kept-reach.js';
import { labelOf, plainOf, typeLabel } from './labels.js';
import type { Questions } from './questions.js';
import type { ChangedBehind, Reach } from './reached.js';
import { fullName, templateArguments } from './type-index.js';

interface Visit extends Both {
  readonly path: string;
  /** What stands between the path and the name of a field: none where the path is that of a record around it. */
  readonly step: '->' | '.';
  /** Behind a pointer already. */
  readonly behind: boolean;
}

/**
 * Follows every pointer of an object in both builds side by side, through structs, arrays, classes that are derived from
 * what is pointed to, and types that a container of the C++ library was made with (its nodes do not name them).
 *
 * @param behind the object lies behind a pointer itself.
 */
export function reach(context: PlanContext, { before, after }: Both, behind: boolean): Reach {
  const [start, end] = [plainOf(before), plainOf(after)];
  const key = behind ? context.reached.behind : context.reached.byValue;
  const known = key.get(start)?.get(end);
  if (known !== undefined) return known;
  const go = (questions: Questions): Reach =>
    walk({ context, questions }, { before, after, path: '', step: behind ? '->' : '.', behind });
  const answer = start === end ? keptReach(context, start, behind, go) : go(context.questions);
  const answers = key.get(start) ?? new Map<object, Reach>();
  answers.set(end, answer);
  key.set(start, answers);
  return answer;
}

/** What hangs on other types of the builds than those on the way is asked by questions, and looked up nowhere else. */
interface Way {
  readonly context: PlanContext;
  readonly questions: Questions;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function walk(way: Way, start: Visit): Reach {
  const changed: ChangedBehind[] = [];
  const found: Mutable<Reach> = {
    changed,
    void: null,
    code: null,
    table: false,
    back: null,
    functions: false,
    addresses: false,
  };
  const seen = { behind: new Set<object>(), byValue: new Set<object>() };
  const named = new Set<string>();
  const open: Visit[] = [start];
  // Looked at in the order found; taking them off the front would move all others each time.
  for (const next of open) {
    const visit = defined(way, next);
    const { before, after } = visit;
    if (before.kind === 'record' || before.kind === 'pointer' || before.kind === 'array') {
      const visited = visit.behind ? seen.behind : seen.byValue;
      if (visited.has(before)) continue;
      visited.add(before);
    }
    const difference = visit.behind ? differenceOf(way, before, after) : null;
    if (difference !== null) {
      const type = nameOf(before);
      const isLibrary = before.kind === 'record' && isLibraryType(before);
      if (!named.has(type)) changed.push({ path: visit.path, type, isLibrary, ...difference });
      named.add(type);
    }
    if (before.kind === 'array' && after.kind === 'array') {
      open.push({ ...visit, before: before.element, after: after.element, path: `${visit.path}[]`, step: '.' });
    } else if (before.kind === 'pointer') {
      open.push(...visitTarget(way, found, visit, before.target, after));
    } else if (before.kind === 'record' && after.kind === 'record') {
      // What a changed container consists of follows from what it holds.
      const asWhole = difference !== null && isLibraryType(before);
      open.push(...(asWhole ? visitNamed(way, visit, before) : visitRecord(way, found, visit, before, after)));
    }
  }
  // A container is laid out differently because of what it holds, which is what the user changed.
  const own = changed.filter((one) => !one.isLibrary);
  return own.length > 0 ? { ...found, changed: own } : found;
}

function visitTarget(
  { questions }: Way,
  found: Mutable<Reach>,
  visit: Visit,
  target: DebugType,
  after: PlainType,
): readonly Visit[] {
  const [old, now] = [plainOf(target), after.kind === 'pointer' ? plainOf(after.target) : plainOf(target)];
  if (visit.behind) found.addresses = true;
  if (old.kind === 'void' || now.kind === 'void') {
    found.addresses = true;
    found.void ??= visit.path;
    return [];
  }
  if (old.kind === 'function') {
    if (visit.behind) found.code ??= { path: visit.path, type: typeName(old) };
    else found.functions = true;
    return [];
  }
  if (isByte(old) || isByte(now)) return [];
  if (visit.behind && old.kind === 'record' && !isLibraryType(old) && questions.isEmbedded(fullName(old))) {
    found.back ??= visit.path;
  }
  return [{ before: old, after: now, path: visit.path, step: '->', behind: true }];
}

function visitRecord(
  way: Way,
  found: Mutable<Reach>,
  visit: Visit,
  before: RecordType,
  after: RecordType,
): readonly Visit[] {
  const { path, step, behind } = visit;
  if (!before.complete && behind) found.addresses = true;
  if (behind && (before.vtableOffset !== null || tablesOf(before) > 1)) {
    found.addresses = true;
    if (path === '' && tablesOf(before) === 1) found.table = true;
    else found.code ??= { path, type: labelOf(before) };
  }
  const inside: Visit[] = [];
  for (const [n, base] of before.bases.entries()) {
    const other = after.bases[n];
    if (other !== undefined) inside.push({ ...visit, before: base.type, after: other.type });
  }
  const fields = new Map(after.fields.map((field) => [field.name, field]));
  for (const [n, field] of before.fields.entries()) {
    const other = field.name === '' ? after.fields[n] : fields.get(field.name);
    if (other === undefined || field.name.startsWith('_vptr')) continue;
    // What a struct of the system keeps behind a pointer to void is its own.
    const target = plainOf(field.type);
    const own = target.kind === 'pointer' && plainOf(target.target).kind === 'void' && isSystemRecord(before);
    if (own) continue;
    const name = field.name === '' ? path : `${path}${step}${field.name}`;
    inside.push({ before: field.type, after: other.type, path: name, step: field.name === '' ? step : '.', behind });
  }
  return [...inside, ...visitNamed(way, visit, before)];
}

/** Pointers to virtual tables in an object: its own and those of its bases. */
export function tablesOf(record: RecordType): number {
  const own = record.vtableOffset === null ? 0 : 1;
  return record.bases.reduce((count, base) => {
    const plain = plainOf(base.type);
    return count + (plain.kind === 'record' ? tablesOf(plain) : 0);
  }, own);
}

/** Where the one pointer to a virtual table lies; null without, and where there are several. */
export function tableOffset(record: RecordType): number | null {
  if (tablesOf(record) !== 1) return null;
  if (record.vtableOffset !== null) return record.vtableOffset;
  for (const base of record.bases) {
    const plain = plainOf(base.type);
    const inside = plain.kind === 'record' && base.offset !== null ? tableOffset(plain) : null;
    if (inside !== null) return inside + (base.offset ?? 0);
  }
  return null;
}

/** Objects that no field's type leads to: of derived classes, and those in the nodes of containers. */
function visitNamed({ questions }: Way, visit: Visit, before: RecordType): readonly Visit[] {
  const derived = visit.behind && before.vtableOffset !== null ? questions.derived(fullName(before)) : [];
  return [...inBoth(questions, derived), ...heldBy(questions, before)].map((pair) => ({
    ...visit,
    ...pair,
    behind: true,
  }));
}

/** What a container of the C++ library was made with. */
function heldBy(questions: Questions, container: RecordType): readonly Both[] {
  if (container.name === null || !isLibraryType(container)) return [];
  const known = madeWith.get(container) ?? templateArguments(container.name);
  madeWith.set(container, known);
  return inBoth(questions, known);
}

const madeWith = new WeakMap<RecordType, readonly string[]>();

function inBoth(questions: Questions, names: readonly string[]): readonly Both[] {
  return names.flatMap((name): readonly Both[] => {
    const { before, after } = questions.first(name);
    return before === undefined || after === undefined ? [] : [{ before, after }];
  });
}

interface DefinedVisit extends Visit {
  readonly before: PlainType;
  readonly after: PlainType;
}

/** A declaration stands for the one definition that the build has of its name, wherever that is. */
function defined({ questions }: Way, visit: Visit): DefinedVisit {
  const definition = (type: PlainType, build: keyof Both): PlainType =>
    type.kind !== 'record' || type.complete ? type : (questions.only(build, fullName(type)) ?? type);
  return {
    ...visit,
    before: definition(plainOf(visit.before), 'before'),
    after: definition(plainOf(visit.after), 'after'),
  };
}

function differenceOf(
  { context, questions }: Way,
  before: PlainType,
  after: PlainType,
): Pick<ChangedBehind, 'detail' | 'sameName'> | null {
  // Most are the same, and no name has to be put together for them.
  const isOneName = (): boolean => before === after || (before.kind === after.kind && nameOf(before) === nameOf(after));
  if (before.kind === 'record' && after.kind === 'record' && !(before.complete && after.complete)) {
    const sameName = isOneName();
    if (!sameName) return { sameName, detail: `${nameOf(before)} became ${nameOf(after)}` };
    // Where one name has several definitions, none of them may have changed.
    return questions.isChanged(fullName(before), recordName(before))
      ? { sameName, detail: 'one of its definitions changed' }
      : null;
  }
  const tables = context.changedTables();
  if (before.kind === 'record' && tables.size > 0 && tables.has(tableName(before))) {
    return { sameName: isOneName(), detail: 'its virtual functions changed' };
  }
  if (before === after || context.compare.sameLayout(before, after)) return null;
  const sameName = isOneName();
  const difference = context.compare.difference(before, after);
  if (difference === null) return { sameName, detail: '' };
  const where = difference.path.replace(/^[.>-]+/, '');
  return { sameName, detail: `${where === '' ? '' : `${where}: `}${difference.before} became ${difference.after}` };
}

/** The symbol of a class's virtual table (Itanium C++ ABI 5.1.4), for names without template arguments. */
function tableName({ scope, name }: RecordType): string {
  if (name === null) return '';
  const parts = [...scope, name].map((one) => (one === '' ? '12_GLOBAL__N_1' : `${one.length}${one}`)).join('');
  return scope.length === 0 ? `_ZTV${parts}` : `_ZTVN${parts}E`;
}

function nameOf(type: DebugType): string {
  return typeLabel(type);
}

function isSystemRecord(record: RecordType): boolean {
  return record.place.file.startsWith('/usr/');
}
