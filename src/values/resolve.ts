import type { StateModel, StateVariable } from '../state/types.js';
import { findVariable } from './find-variable.js';
import { PathError, parsePath, type Step } from './path.js';
import { takeStep } from './take-step.js';
import type { ResolvedValue } from './types.js';

export { PathError };

/**
 * Finds what a path means: `city.people`, `houses[3].floor`, `tick::calls`, `file.c:count`, `ns::count`, `first->next`,
 * `*first`. Elements of std::vector and std::array, and what smart pointers lead to, are reached like those of arrays and
 * pointers.
 *
 * @throws PathError where there is no such variable, field or element.
 */
export function resolvePath(model: StateModel, path: string): ResolvedValue {
  const stars = /^(?:\s*\*)*\s*/.exec(path)?.[0] ?? '';
  const found = findVariable(model, path.slice(stars.length), stars.length);
  const steps = parsePath(path, stars.length + found.length);
  const follows = [...stars].filter((sign) => sign === '*').map((): Step => ({ at: 0, follow: true }));
  let place = placeOf(found.variable);
  for (const step of [...steps, ...follows]) place = takeStep(place, step);
  return { ...place, path };
}

/** All variables, as `resolvePath` would give them. */
export function resolveAll(model: StateModel): readonly ResolvedValue[] {
  return model.variables.map(placeOf);
}

function placeOf({ path, variable, address, size }: StateVariable): ResolvedValue {
  return { path, type: variable.type, address, size, bits: null, hops: [] };
}
