import type { NamedType, RecordType } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { recordName } from '../layout/type-name.js';
import type { StateModel } from './types.js';

/** A type of the C++ library only changes with what it was made of, which is then among the changed ones itself. */
export const libraryNamespaces: readonly string[] = ['std', '__gnu_cxx', '__cxxabiv1'];

/** Structs, classes and unions of both builds that have another layout now, as C names them. */
export function changedRecords(before: StateModel, after: StateModel): readonly string[] {
  const { sameLayout } = createTypeComparer();
  const [then, now] = [unitsOf(before), unitsOf(after)];
  // What both builds have of one reading is the same.
  const kept = new Set(now);
  const fresh = then.filter((unit) => !kept.has(unit));
  if (fresh.length === 0) return [];
  const news = together(now);
  const changed = new Set<string>();
  for (const unit of fresh) {
    for (const [name, olds] of recordsByName(unit)) {
      const found = news.get(name);
      if (found === undefined || changed.has(name)) continue;
      // One name may stand for several types: each of the old ones must still be among the new ones.
      if (olds.some((old) => !found.some((one) => sameLayout(old, one)))) changed.add(name);
    }
  }
  return changed.size < 2 ? [...changed] : inOrder(then, changed);
}

function unitsOf({ debug }: StateModel): readonly Unit[] {
  return debug?.typesByUnit(libraryNamespaces) ?? [];
}

/** The records of all units by their names. */
function together(units: readonly Unit[]): ReadonlyMap<string, readonly RecordType[]> {
  const byName = new Map<string, RecordType[]>();
  for (const unit of units) {
    for (const [name, records] of recordsByName(unit)) {
      const all = byName.get(name);
      if (all === undefined) byName.set(name, [...records]);
      else all.push(...records);
    }
  }
  return byName;
}

type Unit = readonly NamedType[];

/** In the order of the old build, whichever units the changes were found in. */
function inOrder(units: readonly Unit[], names: ReadonlySet<string>): readonly string[] {
  return [...new Set(units.flatMap((unit) => [...recordsByName(unit).keys()]))].filter((name) => names.has(name));
}

const known = new WeakMap<Unit, ReadonlyMap<string, readonly RecordType[]>>();

function recordsByName(unit: Unit): ReadonlyMap<string, readonly RecordType[]> {
  const found = known.get(unit) ?? readRecords(unit);
  known.set(unit, found);
  return found;
}

function readRecords(unit: Unit): ReadonlyMap<string, readonly RecordType[]> {
  const byName = new Map<string, RecordType[]>();
  for (const type of unit) {
    const record = strip(type);
    if (record.kind !== 'record' || !record.complete) continue;
    // A struct without a name of its own goes by that of its typedef.
    if (type.kind === 'typedef' && record.name !== null) continue;
    const name = type.kind === 'typedef' ? type.name : recordName(record);
    const all = byName.get(name) ?? [];
    all.push(record);
    byName.set(name, all);
  }
  return byName;
}
