import type { Json } from '../report/cases/types.js';

/**
 * Ways in which a live value is not as expected, as sentences; none where it is. Objects are compared by the fields that
 * are expected; arrays whole. Whole numbers beyond 2^53 are text on both sides.
 */
export function compareValue(path: string, expected: Json, actual: Json): readonly string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [unlike(path, expected, actual)];
    if (actual.length !== expected.length)
      return [`${path}: expected ${expected.length} elements, got ${actual.length}.`];
    return expected.flatMap((one, n) => compareValue(`${path}[${n}]`, one, actual[n] ?? null));
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return [unlike(path, expected, actual)];
    return Object.entries(expected).flatMap(([name, value]) =>
      name in actual ? compareValue(`${path}.${name}`, value, actual[name] ?? null) : [`${path} has no field ${name}.`],
    );
  }
  return same(expected, actual) ? [] : [unlike(path, expected, actual)];
}

/** A number may be written where its text was too long for one, and the other way round. */
function same(expected: Json, actual: Json): boolean {
  if (expected === actual) return true;
  if (typeof expected === 'number' && typeof actual === 'number') {
    return Math.abs(expected - actual) <= Math.abs(expected) * 1e-15;
  }
  return (
    typeof expected !== typeof actual && expected !== null && actual !== null && String(expected) === String(actual)
  );
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unlike(path: string, expected: Json, actual: Json): string {
  return `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}.`;
}
