import type { TypeComparer } from '../layout/same.js';
import { type PlainType, strip } from '../layout/strip.js';
import type { StateModel, StateVariable } from './types.js';

export interface Match {
  readonly old: StateVariable;
  readonly now: StateVariable;
  /** `moved`: of the same name in another place. `renamed`: `HOTMOD_WAS` says so. */
  readonly how: 'same' | 'moved' | 'renamed';
}

export interface Matches {
  readonly matched: readonly Match[];
  /** Marked with `HOTMOD_RESET`. */
  readonly reset: readonly Match[];
  readonly removed: readonly StateVariable[];
  readonly added: readonly StateVariable[];
  /** One gone and one new of the same type in the same place. */
  readonly suspected: readonly Match[];
  /** Gone ones that may have become one of several. */
  readonly ambiguous: readonly StateVariable[];
}

/** Which variable of the new build is which of the old one. */
export function matchVariables(before: StateModel, after: StateModel, compare: TypeComparer): Matches {
  const unclear = unclearGroups(before.variables, after.variables);
  const gone = new Set(before.variables);
  const fresh = new Set(after.variables);
  const matched: Match[] = [];
  const reset: Match[] = [];
  const take = (old: StateVariable, now: StateVariable, how: Match['how']): void => {
    gone.delete(old);
    fresh.delete(now);
    (now.reset ? reset : matched).push({ old, now, how });
  };

  const byKey = new Map(before.variables.map((one) => [one.key, one]));
  for (const now of after.variables) {
    const old = byKey.get(now.key);
    if (old !== undefined && !unclear.has(groupOf(now))) take(old, now, 'same');
  }
  const ambiguous = [...takeRenamed(gone, fresh, take)];
  const unsure = [...gone].filter((old) => unclear.has(groupOf(old)));
  for (const old of unsure) gone.delete(old);
  ambiguous.push(...unsure);
  ambiguous.push(...takeMoved(gone, fresh, take));
  const suspected = suspectRenames(gone, fresh, compare);
  for (const { old, now } of suspected) {
    gone.delete(old);
    fresh.delete(now);
  }
  // In the order of the new build, whatever each was matched by.
  const order = new Map(after.variables.map((now, n) => [now, n]));
  matched.sort((a, b) => (order.get(a.now) ?? 0) - (order.get(b.now) ?? 0));
  return { matched, reset, suspected, removed: [...gone], added: [...fresh], ambiguous };
}

type Take = (old: StateVariable, now: StateVariable, how: Match['how']) => void;

/** `HOTMOD_WAS` names an old variable of the same place, or else the only one of that name. */
function takeRenamed(
  gone: Set<StateVariable>,
  fresh: ReadonlySet<StateVariable>,
  take: Take,
): readonly StateVariable[] {
  const asked = [...fresh].filter((now) => now.was !== null);
  const claims = groupBy(asked, (now) => [`${placeOf(now)}|${now.was}`]);
  const ambiguous: StateVariable[] = [];
  const byName = groupBy(gone, (old) => [...new Set([old.variable.name, old.path])]);
  for (const now of asked) {
    const candidates = (byName.get(now.was ?? '') ?? []).filter((old) => gone.has(old));
    const nearest = candidates.filter((old) => placeOf(old) === placeOf(now));
    const [old] = nearest.length > 0 ? nearest : candidates;
    // Two that claim one name: nobody can say which of them is right.
    if (old !== undefined && (claims.get(`${placeOf(now)}|${now.was}`) ?? []).length > 1) {
      gone.delete(old);
      ambiguous.push(old);
      continue;
    }
    if (old !== undefined && (nearest.length === 1 || candidates.length === 1)) take(old, now, 'renamed');
  }
  return ambiguous;
}

/**
 * A name that is gone in one place and new in another, once each, is the same variable, as long as its type can be
 * converted at all. Returns those that may have become one of several.
 */
function takeMoved(
  gone: ReadonlySet<StateVariable>,
  fresh: ReadonlySet<StateVariable>,
  take: Take,
): readonly StateVariable[] {
  const olds = groupBy(gone, (one) => [one.variable.name]);
  const news = groupBy(fresh, (one) => [one.variable.name]);
  const ambiguous: StateVariable[] = [];
  for (const [name, from] of olds) {
    const to = (news.get(name) ?? []).filter((now) => from.some((old) => isAlike(old, now)));
    const [old, now] = [from[0], to[0]];
    if (old === undefined || now === undefined) continue;
    if (from.length === 1 && to.length === 1) take(old, now, 'moved');
    else ambiguous.push(...from);
  }
  return ambiguous;
}

/** Of one kind: a number may become another number, but not a pointer. */
function isAlike(old: StateVariable, now: StateVariable): boolean {
  const kind = (plain: PlainType): string => (plain.kind === 'enum' ? 'base' : plain.kind);
  return kind(strip(old.variable.type)) === kind(strip(now.variable.type));
}

/** Only where there is one of each: with two of a type nobody could say which is which. */
function suspectRenames(
  gone: ReadonlySet<StateVariable>,
  fresh: ReadonlySet<StateVariable>,
  { same }: TypeComparer,
): readonly Match[] {
  const olds = groupBy(gone, (one) => [placeOf(one)]);
  const news = groupBy(fresh, (one) => [placeOf(one)]);
  return [...olds].flatMap(([place, from]): readonly Match[] => {
    const to = news.get(place) ?? [];
    // A source that was rewritten as a whole has no renames to suspect, and every pair of it would be compared.
    if (to.length > mostSuspects || from.length > mostSuspects) return [];
    return from.flatMap((old): readonly Match[] => {
      const alike = (one: StateVariable): boolean => same(old.variable.type, one.variable.type);
      const [now, ...others] = to.filter(alike);
      const alone = others.length === 0 && from.filter(alike).length === 1;
      return now !== undefined && alone ? [{ old, now, how: 'renamed' }] : [];
    });
  });
}

const mostSuspects = 64;

/**
 * Statics of one name in one function are told apart by their order alone. Where there is another number of them now,
 * the order says nothing any more.
 */
function unclearGroups(before: readonly StateVariable[], after: readonly StateVariable[]): ReadonlySet<string> {
  const count = (variables: readonly StateVariable[]): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const one of variables) counts.set(groupOf(one), (counts.get(groupOf(one)) ?? 0) + 1);
    return counts;
  };
  const [then, now] = [count(before), count(after)];
  const unclear = [...then].filter(([group, size]) => {
    const others = now.get(group) ?? 0;
    return others > 0 && others !== size;
  });
  return new Set(unclear.map(([group]) => group));
}

/** The key without the number that tells the first of a name from the second. */
function groupOf({ key }: StateVariable): string {
  return key.replace(/\|\d+$/, '');
}

/** Where a variable stands: its source, its namespaces, its function. */
function placeOf({ variable }: StateVariable): string {
  return [variable.unit, ...variable.scope, variable.function ?? ''].join('|');
}

function groupBy(
  variables: Iterable<StateVariable>,
  namesOf: (one: StateVariable) => readonly string[],
): ReadonlyMap<string, readonly StateVariable[]> {
  const groups = new Map<string, StateVariable[]>();
  for (const one of variables) {
    for (const name of namesOf(one)) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [one]);
      else group.push(one);
    }
  }
  return groups;
}
