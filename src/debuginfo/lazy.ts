import { DebugInfoError } from './errors.js';

/**
 * Makes a value when it is first asked for, and once. What needs itself to be made is a circle that no compiler writes.
 *
 * @throws DebugInfoError for such a circle, and whatever `make` throws, each time anew.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  let making = false;
  return () => {
    if (made !== null) return made.value;
    if (making) throw new DebugInfoError('damaged', 'a type is defined by itself');
    making = true;
    try {
      made = { value: make() };
    } finally {
      making = false;
    }
    return made.value;
  };
}
