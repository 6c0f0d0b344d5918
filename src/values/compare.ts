import type { Json } from '../events/json.js';

/**
 * Ways in which a live value is not as expected, as sentences; none where it is. Objects are compared by the fields that
 * are expected; arrays whole. Whole numbers are compared exactly, beyond 2^53 as text; others may differ by what a double
 * rounds. Values of floats come as the shortest number that is the same float, so that 0.1f is 0.1.
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
      Object.hasOwn(actual, name)
        ? compareValue(`${path}.${name}`, value, actual[name] ?? null)
        : [`${path} has no field ${name}.`],
    );
  }
  return isSame(expected, actual) ? [] : [unlike(path, expected, actual)];
}

/** A few units in the last place of a double: what a sum such as 0.1 + 0.2 is off. */
const tolerance = 1e-15;

function isSame(expected: Json, actual: Json): boolean {
  if (expected === actual) return true;
  if (typeof expected === 'number' && typeof actual === 'number') {
    if (Number.isInteger(expected) && Number.isInteger(actual)) return false;
    return Math.abs(expected - actual) <= Math.abs(expected) * tolerance;
  }
  return isNumberAsText(expected, actual) || isNumberAsText(actual, expected);
}

/** A number may be written where its text was too long for one, and the other way round. */
function isNumberAsText(text: Json, number: Json): boolean {
  return (
    typeof text === 'string' && typeof number === 'number' && Number.isSafeInteger(number) && text === String(number)
  );
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unlike(path: string, expected: Json, actual: Json): string {
  const isRounded = typeof expected === 'number' && Number.isInteger(expected) && !Number.isSafeInteger(expected);
  const hint = isRounded ? ' (write whole numbers beyond 2^53 as text, so that no digit is lost)' : '';
  return `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}${hint}.`;
}
