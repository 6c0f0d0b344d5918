import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/events/json.js';
import { compareValue } from '../../src/values/compare.js';

describe('an expected value', () => {
  test.each<[string, Json, Json]>([
    ['numbers', 3, 3],
    ['text', 'Rome', 'Rome'],
    ['a pointer that leads nowhere', null, null],
    ['a sum that a double cannot hold', 0.3, 0.1 + 0.2],
    ['a whole number that came out of a sum', 3, 3.0000000000000004],
    ['a number beyond 2^53, as text', '18446744073709551615', '18446744073709551615'],
    ['a small number, as text', '5', 5],
    ['fields that are named, whatever else there is', { x: 1 }, { x: 1, y: 2 }],
    ['arrays of structs', [{ x: 1 }, {}], [{ x: 1, y: 2 }, { z: 3 }]],
  ])('fits: %s', (_, expected, actual) => {
    expect(compareValue('v', expected, actual)).toEqual([]);
  });

  test.each<[string, Json, Json, readonly string[]]>([
    ['another number', 3, 4, ['v: expected 3, got 4.']],
    [
      'neighbours among large numbers',
      9007199254740990,
      9007199254740991,
      ['v: expected 9007199254740990, got 9007199254740991.'],
    ],
    ['a float that is further off than doubles round', 0.3, 0.3000001, ['v: expected 0.3, got 0.3000001.']],
    ['true is not its name', 'true', true, ['v: expected "true", got true.']],
    ['null is not 0', null, 0, ['v: expected null, got 0.']],
    ['NaN', 1, 'NaN', ['v: expected 1, got "NaN".']],
    [
      'every field that differs',
      { a: 1, b: { c: 2 }, d: 3 },
      { a: 0, b: { c: 0 }, d: 3 },
      ['v.a: expected 1, got 0.', 'v.b.c: expected 2, got 0.'],
    ],
    ['a field that is missing', { x: 1 }, { y: 1 }, ['v has no field x.']],
    ['a field that only JavaScript knows', { toString: 1 }, {}, ['v has no field toString.']],
    ['elements', [1, 2], [1, 3], ['v[1]: expected 2, got 3.']],
    ['lengths', [1], [1, 2], ['v: expected 1 elements, got 2.']],
    ['a list for a number', [1], 1, ['v: expected [1], got 1.']],
    ['a struct for a number', { x: 1 }, 1, ['v: expected {"x":1}, got 1.']],
    [
      'a number that JSON has rounded',
      2 ** 64,
      '18446744073709551615',
      [
        'v: expected 18446744073709552000, got "18446744073709551615" (write whole numbers beyond 2^53 as text, so that no digit is lost).',
      ],
    ],
  ])('does not fit: %s', (_, expected, actual, wrong) => {
    expect(compareValue('v', expected, actual)).toEqual(wrong);
  });
});
