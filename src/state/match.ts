import type { TypeComparer } from '../layout/same.js';
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
export function matchVariables(before: StateModel, after: StateModel, { same }: TypeComparer): Matches {
  const byKey = new Map(before.variables.map((one) => [one.key, one]));
  const taken = new Set<StateVariable>();
  const matched: Match[] = [];
  const reset: Match[] = [];
  const add = (old: StateVariable, now: StateVariable, how: Match['how']): void => {
    taken.add(old);
    (now.reset ? reset : matched).push({ old, now, how });
  };

  let open = after.variables.filter((now) => {
    const old = byKey.get(now.key);
    if (old === undefined) return true;
    add(old, now, 'same');
    return false;
  });
  const gone = (): readonly StateVariable[] => before.variables.filter((one) => !taken.has(one));

  open = open.filter((now) => {
    if (now.was === null) return true;
    const candidates = gone().filter((old) => old.variable.name === now.was || old.path === now.was);
    const nearest = candidates.filter((old) => placeOf(old) === placeOf(now));
    const [old] = nearest.length > 0 ? nearest : candidates;
    if (old === undefined || (nearest.length === 0 && candidates.length > 1)) return true;
    add(old, now, 'renamed');
    return false;
  });

  const ambiguous: StateVariable[] = [];
  open = open.filter((now) => {
    const olds = gone().filter((old) => old.variable.name === now.variable.name);
    const news = open.filter((one) => one.variable.name === now.variable.name);
    const [old] = olds;
    if (old === undefined) return true;
    if (olds.length > 1 || news.length > 1) {
      ambiguous.push(...olds);
      return true;
    }
    add(old, now, 'moved');
    return false;
  });

  const suspected = suspectRenames(gone(), open, same);
  const explained = new Set(suspected.flatMap(({ old, now }) => [old, now]));
  return {
    matched,
    reset,
    suspected,
    removed: gone().filter((old) => !explained.has(old) && !ambiguous.includes(old)),
    added: open.filter((now) => !explained.has(now)),
    ambiguous: [...new Set(ambiguous)],
  };
}

/** Where a variable stands: its source, its namespaces, its function. */
function placeOf({ variable }: StateVariable): string {
  return [variable.unit, ...variable.scope, variable.function ?? ''].join('|');
}

/** Only where there is one of each: with two of a type nobody could say which is which. */
function suspectRenames(
  gone: readonly StateVariable[],
  fresh: readonly StateVariable[],
  same: TypeComparer['same'],
): readonly Match[] {
  return gone.flatMap((old): readonly Match[] => {
    const alike = (one: StateVariable): boolean =>
      placeOf(one) === placeOf(old) && same(old.variable.type, one.variable.type);
    const news = fresh.filter(alike);
    const olds = gone.filter(alike);
    const [now] = news;
    return now !== undefined && news.length === 1 && olds.length === 1 ? [{ old, now, how: 'renamed' }] : [];
  });
}
