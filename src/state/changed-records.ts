import type { RecordType } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { strip } from '../layout/strip.js';
import { recordName } from '../layout/type-name.js';
import type { StateModel } from './types.js';

/** A type of the C++ library only changes with what it was made of, which is then among the changed ones itself. */
export const libraryNamespaces: readonly string[] = ['std', '__gnu_cxx', '__cxxabiv1'];

/** Structs, classes and unions of both builds that have another layout now, as C names them. */
export function changedRecords(before: StateModel, after: StateModel): readonly string[] {
  const { sameLayout } = createTypeComparer();
  const now = recordsByName(after);
  const changed: string[] = [];
  for (const [name, olds] of recordsByName(before)) {
    const news = now.get(name);
    if (news === undefined) continue;
    // One name may stand for several types: each of the old ones must still be among the new ones.
    if (olds.some((old) => !news.some((one) => sameLayout(old, one)))) changed.push(name);
  }
  return changed;
}

function recordsByName({ debug }: StateModel): ReadonlyMap<string, readonly RecordType[]> {
  const byName = new Map<string, RecordType[]>();
  for (const type of debug?.typesOutside(libraryNamespaces) ?? []) {
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
