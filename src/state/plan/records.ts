import type { DebugType, Field, Place, RecordType } from '../../debuginfo/types.js';
import { strip } from '../../layout/strip.js';
import { recordName, typeName } from '../../layout/type-name.js';
import type { carry } from './carry.js';
import { addChange, addPiece, classOf, type Out, type PlanContext, type Spot } from './context.js';
import { mergeCopies } from './merge.js';
import { code, type Operation } from './operations.js';
import { carryScalar, isScalar } from './scalars.js';

/** Field by field, by name. */
export function carryRecord(
  context: PlanContext,
  out: Out,
  before: RecordType,
  after: RecordType,
  spot: Spot,
  carryOne: typeof carry,
): void {
  const refusal = cannotConvert(before, after);
  if (refusal !== null) return addChange(context, 'incompatible', spot, { before, after }, { detail: refusal });

  addPiece(context, 'starts', { from: spot.from, to: spot.to, length: 0, type: classOf(context, before), element: 0 });
  const record = recordName(after);
  const body: Operation[] = [];
  if (before.vtableOffset !== null && after.vtableOffset !== null) {
    context.hasPointers = true;
    const [from, to] = [spot.from + before.vtableOffset, spot.to + after.vtableOffset];
    body.push({ code: code.pointer, from, to, count: 1, type: 0 });
  }
  const [olds, news] = [membersOf(before), membersOf(after)];
  const pairs = pairUp(context, olds, news);
  for (const { old, now, renamed } of pairs.matched) {
    const place = spotOf(spot, record, old, now);
    if (renamed) addChange(context, 'carriedAs', place, { before: old.type, after: now.type }, { detail: old.name });
    else if (old.bitOffset !== now.bitOffset || (old.bitSize === null) !== (now.bitSize === null)) {
      addChange(context, 'fieldMoved', place, { before: old.type, after: now.type });
    }
    carryMember(context, body, old, now, place, carryOne);
  }
  sayWhatIsGone(context, spot, record, pairs);
  const occupied = news.map((member) => ({ start: spot.to + member.offset, size: byteSize(member) }));
  out.push(...mergeCopies(body, occupied));
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
    const name = `${prefix}(base ${strip(one.type).kind === 'record' ? typeName(one.type) : n})`;
    return { name, type: one.type, offset, bitOffset: offset * 8, bitSize: null, place: record.place, field: null };
  });
  let unions = 0;
  const fields = record.fields.flatMap((field): readonly Member[] => {
    const plain = strip(field.type);
    if (field.name === '' && plain.kind === 'record') {
      if (plain.form !== 'union') return membersOf(plain, base + field.offset, prefix);
      unions++;
    }
    const name = field.name === '' ? `${prefix}(union ${unions})` : field.name;
    const { type, offset, bitOffset, bitSize, place } = field;
    return [{ name, type, offset: base + offset, bitOffset: base * 8 + bitOffset, bitSize, place, field }];
  });
  return [...bases, ...fields].filter((member) => member.bitSize !== 0);
}

interface Pairs {
  readonly matched: readonly { readonly old: Member; readonly now: Member; readonly renamed: boolean }[];
  readonly removed: readonly Member[];
  readonly added: readonly Member[];
}

function pairUp(context: PlanContext, olds: readonly Member[], news: readonly Member[]): Pairs {
  const byName = new Map(olds.map((member) => [member.name, member]));
  const taken = new Set<Member>();
  const matched: Pairs['matched'][number][] = [];
  const added: Member[] = [];
  for (const now of news) {
    const same = byName.get(now.name);
    if (same !== undefined) {
      taken.add(same);
      matched.push({ old: same, now, renamed: false });
    } else added.push(now);
  }
  const still = added.filter((now) => {
    const was = now.field === null ? null : context.wasName(now.field);
    const old = was === null ? undefined : byName.get(was);
    if (old === undefined || taken.has(old)) return true;
    taken.add(old);
    matched.push({ old, now, renamed: true });
    return false;
  });
  return { matched, removed: olds.filter((member) => !taken.has(member)), added: still };
}

function carryMember(
  context: PlanContext,
  out: Out,
  old: Member,
  now: Member,
  spot: Spot,
  carryOne: typeof carry,
): void {
  const [before, after] = [strip(old.type), strip(now.type)];
  if (old.bitSize === null && now.bitSize === null) {
    const size = byteSize(old);
    // A flexible array has no bytes of its own in the record's size, and how many live is not known.
    const flexible = before.kind === 'array' && before.size === null;
    if (flexible) addChange(context, 'flexibleArray', spot, { before, after });
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
  const plain = strip(member.type);
  if (member.bitSize !== null) return Math.ceil(((member.bitOffset % 8) + member.bitSize) / 8);
  if (plain.kind === 'record' || plain.kind === 'base' || plain.kind === 'enum' || plain.kind === 'pointer')
    return plain.size;
  return plain.kind === 'array' ? (plain.size ?? 0) : 0;
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
  const outside = [before, after].find(({ scope }) => scope[0] === 'std' || scope[0] === '__gnu_cxx');
  if (outside !== undefined) return `${recordName(outside)} is a type of the C++ library`;
  if ((before.vtableOffset === null) !== (after.vtableOffset === null)) return 'only one of them has virtual functions';
  if ([...before.bases, ...after.bases].some((base) => base.virtual)) return 'it has virtual bases';
  return null;
}
