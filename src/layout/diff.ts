import type { FieldLayout, RecordLayout } from './layout.js';

/** What became of one record between two builds. */
export interface LayoutChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Bytes; null where there is none of it. */
  readonly sizeBefore: number | null;
  readonly sizeAfter: number | null;
  readonly alignBefore: number | null;
  readonly alignAfter: number | null;
  /** In the order of the new declaration, then what is gone. */
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  /** `renamed` is a guess: one field is gone and one of the same type is new where it stood, or they are the only ones. */
  readonly change: 'added' | 'removed' | 'moved' | 'retyped' | 'renamed';
  /** Under an anonymous member: the name itself, as C reaches it. Bases: `(base) shape`. */
  readonly name: string;
  /** The name before, where it is another. */
  readonly was?: string;
  readonly before: FieldSide | null;
  readonly after: FieldSide | null;
}

export interface FieldSide {
  /** -1 for a virtual base, whose place depends on the object. */
  readonly offset: number;
  readonly size: number;
  readonly type: string;
  readonly bitOffset?: number;
  readonly bitSize?: number;
}

/** What differs between the layouts of two builds; empty where nothing does. Records are matched by their names. */
export function diffLayouts(before: readonly RecordLayout[], after: readonly RecordLayout[]): readonly LayoutChange[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const now = new Map(after.map((one) => [one.name, one]));
  const names = [...new Set([...now.keys(), ...old.keys()])];
  return names.flatMap((name): readonly LayoutChange[] => {
    const [one, other] = [old.get(name), now.get(name)];
    const fields = one === undefined || other === undefined ? [] : diffFields(membersOf(one), membersOf(other));
    const same = one?.size === other?.size && one?.align === other?.align && fields.length === 0;
    if (one !== undefined && other !== undefined && same) return [];
    return [
      {
        name,
        change: one === undefined ? 'added' : other === undefined ? 'removed' : 'changed',
        sizeBefore: one?.size ?? null,
        sizeAfter: other?.size ?? null,
        alignBefore: one?.align ?? null,
        alignAfter: other?.align ?? null,
        fields,
      },
    ];
  });
}

type Members = ReadonlyMap<string, FieldSide>;

/** Bases and all fields that are reached without another name. */
function membersOf(layout: RecordLayout): Members {
  const members = new Map<string, FieldSide>();
  for (const { type, offset, size } of layout.bases)
    members.set(`(base) ${type}`, { offset: offset ?? -1, size, type });
  const add = (fields: readonly FieldLayout[]): void => {
    for (const field of fields) {
      if (field.name === '') add(field.fields ?? []);
      else members.set(field.name, sideOf(field));
    }
  };
  add(layout.fields);
  return members;
}

function sideOf({ offset, size, type, bitOffset, bitSize }: FieldLayout): FieldSide {
  const bits = bitOffset === undefined || bitSize === undefined ? {} : { bitOffset, bitSize };
  return { offset, size, type, ...bits };
}

function diffFields(before: Members, after: Members): readonly FieldChange[] {
  const gone = new Map([...before].filter(([name]) => !after.has(name)));
  const fresh = new Map([...after].filter(([name]) => !before.has(name)));
  const renamed = pairRenamed(gone, fresh);
  const changes: FieldChange[] = [];
  for (const [name, now] of after) {
    const was = renamed.get(name);
    const old = before.get(was ?? name) ?? null;
    if (was !== undefined) changes.push({ change: 'renamed', name, was, before: old, after: now });
    else if (old === null) changes.push({ change: 'added', name, before: null, after: now });
    else if (old.type !== now.type || old.size !== now.size || old.bitSize !== now.bitSize) {
      changes.push({ change: 'retyped', name, before: old, after: now });
    } else if (old.offset !== now.offset || old.bitOffset !== now.bitOffset) {
      changes.push({ change: 'moved', name, before: old, after: now });
    }
  }
  const taken = new Set(renamed.values());
  for (const [name, old] of gone) {
    if (!taken.has(name)) changes.push({ change: 'removed', name, before: old, after: null });
  }
  return changes;
}

/** New name to old one: same type and same place, or the only ones of their type. */
function pairRenamed(gone: Members, fresh: Members): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const [name, now] of fresh) {
    const taken = new Set(pairs.values());
    const alike = [...gone].filter(([old, side]) => kindOf(side) === kindOf(now) && !taken.has(old));
    const rivals = [...fresh.values()].filter((one) => kindOf(one) === kindOf(now));
    const inPlace = alike.find(([, old]) => old.offset === now.offset && old.bitOffset === now.bitOffset);
    const found = inPlace ?? (alike.length === 1 && rivals.length === 1 ? alike[0] : undefined);
    if (found !== undefined) pairs.set(name, found[0]);
  }
  return pairs;
}

function kindOf({ type, size, bitSize }: FieldSide): string {
  return `${type} ${size} ${bitSize ?? ''}`;
}
