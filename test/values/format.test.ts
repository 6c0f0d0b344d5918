import { describe, expect, test } from 'vitest';
import { formatValue } from '../../src/values/format.js';

describe('a value for people', () => {
  test('stands on one line where it fits', () => {
    expect(formatValue('n', 5)).toEqual(['n = 5']);
    expect(formatValue('at', { x: 1, y: -2 })).toEqual(['at = {x = 1, y = -2}']);
    expect(formatValue('list', [1, 2, '... 3 more'])).toEqual(['list = [1, 2, ... 3 more]']);
  });

  test('quotes text, and neither enumerators, addresses nor large numbers', () => {
    const value = { name: 'Rome', mood: 'HAPPY', at: '0x7f00', big: '18446744073709551615', none: null };
    expect(formatValue('c', value).map((line) => line.trim())).toEqual([
      'c',
      'name = "Rome"',
      'mood = HAPPY',
      'at   = 0x7f00',
      'big  = 18446744073709551615',
      'none = NULL',
    ]);
    expect(formatValue('t', 'a"b\n')).toEqual(['t = "a\\"b\\n"']);
  });

  test('is nested where it does not fit, with the values of one object under each other', () => {
    const text = 'a text that is long enough to fill a line';
    expect(formatValue('city', { name: text, people: 12, at: { x: 1, y: 2 } })).toEqual([
      'city',
      `  name   = "${text}"`,
      '  people = 12',
      '  at = {x = 1, y = 2}',
    ]);
  });

  test('goes on in rows where a long array has numbers only', () => {
    const lines = formatValue('list', [...Array.from({ length: 30 }, (_, n) => n), '... 70 more']);
    expect(lines).toEqual([
      'list',
      '  [0] 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16',
      '  [17] 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29',
      '  ... 70 more',
    ]);
  });

  test('has an index before each element that needs lines of its own', () => {
    const city = { name: 'a name that takes up more than half a line', people: 1 };
    const [head, first, ...rest] = formatValue('all', [city, city, '... 5 more']);
    expect([head, first]).toEqual(['all', '  [0]']);
    expect(rest).toContain('  [1]');
    expect(rest.at(-1)).toBe('  ... 5 more');
  });
});
