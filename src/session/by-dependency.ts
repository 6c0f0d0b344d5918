/**
 * Things by the modules that they declare as dependencies. Made once where many modules are asked for their users: looking
 * through all of them for each of a thousand takes as long as to validate them.
 */
export function byDependency<T>(
  all: Iterable<T>,
  dependenciesOf: (one: T) => Iterable<string>,
): ReadonlyMap<string, readonly T[]> {
  const users = new Map<string, T[]>();
  for (const one of all) {
    for (const dependency of new Set(dependenciesOf(one))) {
      const others = users.get(dependency);
      if (others === undefined) users.set(dependency, [one]);
      else others.push(one);
    }
  }
  return users;
}
