import type { Json } from '../events/json.js';

/** The first elements, and how many more there are. */
export function list(length: number, most: number, one: (index: number) => Json): readonly Json[] {
  const values = Array.from({ length: Math.min(length, most) }, (_, n) => one(n));
  return length > most ? [...values, `... ${length - most} more`] : values;
}
