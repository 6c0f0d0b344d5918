import { exitCode, HotmodError } from '../errors.js';
import type { ResolvedModule } from './resolved.js';

/**
 * Modules that need each other in a ring can be loaded in no order.
 *
 * @throws HotmodError HM120 that prints the ring.
 */
export function refuseCycles(modules: readonly ResolvedModule[]): void {
  const ring = findCycle(modules);
  if (ring === null) return;
  throw new HotmodError('HM120', `Modules depend on each other in a ring: ${ring.join(' -> ')}.`, {
    hint: 'Take one of these steps out of "dependencies": move what both sides need into a module of its own, or call back through a function pointer.',
    exitCode: exitCode.usage,
  });
}

/** `a -> b -> a`: the first ring in the order of the names; null where there is none. */
function findCycle(modules: readonly ResolvedModule[]): readonly string[] | null {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const done = new Set<string>();
  const follow = (name: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const dependency of byName.get(name)?.dependencies ?? []) {
      const ring = follow(dependency.name, [...path, name]);
      if (ring !== null) return ring;
    }
    done.add(name);
    return null;
  };
  for (const name of [...byName.keys()].sort()) {
    const ring = follow(name, []);
    if (ring !== null) return ring;
  }
  return null;
}
