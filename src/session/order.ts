import type { ResolvedModule } from '../config/resolved.js';

/**
 * Providers before dependents, otherwise by name, so that the same modules always load in the same order. Rings
 * were refused when the configuration was read.
 */
export function loadOrder(modules: readonly ResolvedModule[]): readonly ResolvedModule[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const ordered: ResolvedModule[] = [];
  const visited = new Set<string>();

  const visit = (module: ResolvedModule): void => {
    if (visited.has(module.name)) return;
    visited.add(module.name);
    for (const dependency of module.dependencies) {
      const provider = byName.get(dependency.name);
      if (provider !== undefined) visit(provider);
    }
    ordered.push(module);
  };

  for (const name of [...byName.keys()].sort()) {
    const module = byName.get(name);
    if (module !== undefined) visit(module);
  }
  return ordered;
}

/** Things that stand for modules, in that order. */
export function inLoadOrder<T>(things: readonly T[], settingsOf: (thing: T) => ResolvedModule): readonly T[] {
  const order = new Map(loadOrder(things.map(settingsOf)).map((settings, place) => [settings.name, place]));
  const placeOf = (thing: T): number => order.get(settingsOf(thing).name) ?? -1;
  return things.toSorted((one, other) => placeOf(one) - placeOf(other));
}
