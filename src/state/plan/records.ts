import type { DebugType, Field, Place, RecordType } from '../../debuginfo/types.js';
import { typeName } from '../../layout/type-name.js';
import {
  addChange,
  addPiece,
  type Carry,
  classOf,
  isByte,
  isLibraryType,
  type Out,
  type PlanContext,
  type Spot,
} from './context.js';
import { labelOf, plainOf } from './labels.js';
import { mergeCopies } from './merge.js';
import type { Operation } from './operations.js';
import { carryTable, isTablePointer } from './pointers.js';
import { carryScalar, isScalar } from './scalars.js';

/** Field by field, by name. */
export function carryRecord(
  context: PlanContext,
  out: Out,
  before: RecordType,
  after: RecordType,
  spot: Spot,
  carryOne: Carry,
): void {
  const refusal = cannotConvert(before, after);
  if (refusal !== null) return addChange(context, 'incompatible', spot, { before, after }, { detail: refusal });

  addStarts(context, before, spot);
  const record = labelOf(after);
  const body: Operation[] = [];
  if (before.vtableOffset !== null && after.vtableOffset !== null) {
    carryTable(context, body, before, spot, before.vtableOffset, after.vtableOffset);
  }
  const [olds, news] = [membersOf(before), membersOf(after)];
  const pairs = pairUp(context, olds, news);
  const first = context.occupied.length;
  context.occupied.push(...news.map((member) => ({ start: spot.to + member.offset, size: byteSize(member) })));
  for (const { old, now, renamed } of pairs.matched) {
    const place = spotOf(spot, record, old, now);
    if (renamed) addChange(context, 'carriedAs', place, { before: old.type, after: now.type }, { detail: old.name });
    else if (old.bitOffset !== now.bitOffset || (old.bitSize === null) !== (now.bitSize === null)) {
      addChange(context, 'fieldMoved', place, { before: old.type, after: now.type });
    }
    carryMember(context, body, old, now, place, carryOne);
  }
  sayWhatIsGone(context, spot, record, pairs);
  // Records inside this one have noted their fields too by now, and between those is no padding of this one.
  out.push(...mergeCopies(body, context.occupied.slice(first)));
}

/**
 * A pointer to the whole record, and one that looks at its bytes, lead to the start of the new one, wherever its first
 * field has gone. Where that field is of bytes itself, a pointer to bytes is taken to mean the field.
 */
function addStarts(context: PlanContext, before: RecordType, { from, to }: Spot): void {
  const start = (type: number): void => addPiece(context, 'starts', { from, to, length: 0, type, element: 0 });
  start(classOf(context, before));
  if (beginsWithBytes(before)) return;
  start(classOf(context, { kind: 'base', name: 'char', size: 1, encoding: 'character' }));
  start(classOf(context, { kind: 'base', name: 'unsigned char', size: 1, encoding: 'unsignedCharacter' }));
}

function beginsWithBytes(type: DebugType): boolean {
  const plain = plainOf(type);
  if (plain.kind === 'array') return beginsWithBytes(plain.element);
  if (plain.kind !== 'record') return isByte(plain);
  return plain.fields.some((field) => field.offset === 0 && beginsWithBytes(field.type));
}

/** A field, or a base, which is carried like a field without a name. */
interface Member {
  readonly name: string;
  readonly type: DebugType;
  readonly offset: number;
  readonly bitOffset: number;
  readonly bitSize: number | null;
  readonly place: Place;
  readonly field: Field | null;
}

/** Fields of anonymous structs belong to the record around them (C11 6.7.2.1, 13). An anonymous union goes as one. */
function membersOf(record: RecordType, base = 0, prefix = ''): readonly Member[] {
  const bases = record.bases.map((one, n): Member => {
    const offset = base + (one.offset ?? 0);
    const name = `${prefix}(base ${plainOf(one.type).kind === 'record' ? typeName(one.type) : n})`;
    return { name, type: one.type, offset, bitOffset: offset * 8, bitSize: null, place: record.place, field: null };
  });
  let unions = 0;
  const fields = record.fields.flatMap((field): readonly Member[] => {
    const plain = plainOf(field.type);
    if (field.name === '' && plain.kind === 'record') {
      if (plain.form !== 'union') return membersOf(plain, base + field.offset, prefix);
      unions++;
    }
    const name = field.name === '' ? `${prefix}(union ${unions})` : field.name;
    const { type, offset, bitOffset, bitSize, place } = field;
    return [{ name, type, offset: base + offset, bitOffset: base * 8 + bitOffset, bitSize, place, field }];
  });
  return [...bases, ...fields].filter(
    ({ bitSize, field }) => bitSize !== 0 && !(field !== null && isTablePointer(field)),
  );
}

interface Pairs {
  readonly matched: readonly { readonly old: Member; readonly now: Member; readonly renamed: boolean }[];
  readonly removed: readonly Member[];
  readonly added: readonly Member[];
}

/**
 * `HOTMOD_WAS` comes first, as long as the old record has no field of the new name itself: then it is what is left of an
 * earlier rename.
 */
function pairUp(context: PlanContext, olds: readonly Member[], news: readonly Member[]): Pairs {
  const byName = new Map(olds.map((member) => [member.name, member]));
  const taken = new Set<Member>();
  const matched = new Map<Member, Pairs['matched'][number]>();
  for (const now of news) {
    const was = now.field === null || byName.has(now.name) ? null : context.wasName(now.field);
    const old = was === null ? undefined : byName.get(was);
    if (old === undefined || taken.has(old)) continue;
    taken.add(old);
    matched.set(now, { old, now, renamed: true });
  }
  for (const now of news) {
    const same = byName.get(now.name);
    if (same === undefined || taken.has(same) || matched.has(now)) continue;
    taken.add(same);
    matched.set(now, { old: same, now, renamed: false });
  }
  return {
    matched: news.flatMap((now) => matched.get(now) ?? []),
    removed: olds.filter((member) => !taken.has(member)),
    added: news.filter((now) => !matched.has(now)),
  };
}

function carryMember(context: PlanContext, out: Out, old: Member, now: Member, spot: Spot, carryOne: Carry): void {
  const [before, after] = [plainOf(old.type), plainOf(now.type)];
  if (old.bitSize === null && now.bitSize === null) {
    const size = byteSize(old);
    // A flexible array has no bytes of its own in the record's size, and how many live is not known.
    const flexible = before.kind === 'array' && before.size === null;
    if (flexible) addChange(context, 'flexibleArray', spot, { before, after });
    else if (size === 0 && before.kind === 'record') return;
    else carryOne(context, out, { before, after }, spot, size === 0 ? null : size);
    return;
  }
  context.converted = true;
  if (!isScalar(before) || !isScalar(after)) return addChange(context, 'incompatible', spot, { before, after });
  carryScalar(context, out, before, after, spot, { before: bitsOf(old), after: bitsOf(now) });
}

function bitsOf(member: Member): { readonly size: number; readonly first: number } | null {
  return member.bitSize === null ? null : { size: member.bitSize, first: member.bitOffset - member.offset * 8 };
}

function byteSize(member: Member): number {
  const plain = plainOf(member.type);
  // Fields of a derived class may lie in what its base only pads, and an empty base lies where another field does.
  if (member.field === null && plain.kind === 'record') return endOfData(plain);
  if (member.bitSize !== null) return Math.ceil(((member.bitOffset % 8) + member.bitSize) / 8);
  if (plain.kind === 'record' || plain.kind === 'base' || plain.kind === 'enum' || plain.kind === 'pointer')
    return plain.size;
  return plain.kind === 'array' ? (plain.size ?? 0) : 0;
}

function endOfData(record: RecordType): number {
  if (record.form === 'union' || record.bases.some((base) => base.virtual)) return record.size;
  const table = record.vtableOffset === null ? 0 : record.vtableOffset + 8;
  return Math.max(table, ...membersOf(record).map((member) => member.offset + byteSize(member)));
}

/** One gone and one new of the same type in one record look like a rename, and only the user knows. */
function sayWhatIsGone(context: PlanContext, spot: Spot, record: string, { removed, added }: Pairs): void {
  const [gone, fresh] = [removed[0], added[0]];
  const same =
    removed.length === 1 &&
    added.length === 1 &&
    gone !== undefined &&
    fresh !== undefined &&
    alike(context, gone, fresh);
  if (same) {
    const place = spotOf(spot, record, gone, fresh);
    addChange(context, 'renamed', place, { before: gone.type, after: fresh.type }, { detail: gone.name });
    return;
  }
  for (const old of removed) {
    addChange(context, 'fieldRemoved', spotOf(spot, record, old, old), { before: old.type, after: null });
  }
  for (const now of added) {
    addChange(context, 'fieldAdded', spotOf(spot, record, now, now), { before: null, after: now.type });
  }
}

function alike(context: PlanContext, old: Member, now: Member): boolean {
  return old.bitSize === now.bitSize && context.compare.same(old.type, now.type);
}

function spotOf(spot: Spot, record: string, old: Member, now: Member): Spot {
  return {
    from: spot.from + old.offset,
    to: spot.to + now.offset,
    path: `${spot.path}.${now.name}`,
    record,
    offsets: { before: old.offset, after: now.offset },
    places: { before: old.place, after: now.place },
  };
}

/** What no conversion by name can do; null where it can. */
function cannotConvert(before: RecordType, after: RecordType): string | null {
  const outside = [before, after].find(isLibraryType);
  if (outside !== undefined) return `${labelOf(outside)} is a type of the C++ library`;
  if ((before.vtableOffset === null) !== (after.vtableOffset === null)) return 'only one of them has virtual functions';
  if ([...before.bases, ...after.bases].some((base) => base.virtual)) return 'it has virtual bases';
  return null;
}
