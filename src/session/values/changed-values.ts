import type { Json } from '../../events/json.js';

interface Value {
  readonly path: string;
  readonly value: Json;
}

/**
 * The single values (`world.city.day`, `floors[2]`) that were others in the look before, or not there. Where a value has
 * become one of another kind, it stands there as a whole.
 */
export function changedValues(before: readonly Value[], after: readonly Value[]): readonly Value[] {
  const old = new Map(before.map((one) => [one.path, one.value]));
  return after.flatMap((one) => changes(one.path, old.get(one.path), one.value));
}

function changes(path: string, before: Json | undefined, value: Json): readonly Value[] {
  if (Array.isArray(before) && Array.isArray(value)) {
    return value.flatMap((one: Json, n) => changes(`${path}[${n}]`, before[n], one));
  }
  if (isRecord(before) && isRecord(value)) {
    return Object.entries(value).flatMap(([name, one]) => changes(`${path}.${name}`, before[name], one));
  }
  return before === value ? [] : [{ path, value }];
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
