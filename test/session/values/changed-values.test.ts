import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/events/json.js';
import { changedValues } from '../../../src/session/values/changed-values.js';

const paths = (before: Json, after: Json) =>
  changedValues([{ path: 'v', value: before }], [{ path: 'v', value: after }]).map((one) => one.path);

describe('what changed between two looks', () => {
  test('is named by the single values, however deep they lie', () => {
    expect(paths({ a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 3 }] })).toEqual(['v.b[1].c']);
    expect(paths([1, 2, 3], [0, 2, 4])).toEqual(['v[0]', 'v[2]']);
  });

  test('is nothing where all is as it was', () => {
    expect(paths({ a: [1, null], b: 'x' }, { a: [1, null], b: 'x' })).toEqual([]);
  });

  test('a field that is new counts, one that is gone does not', () => {
    expect(paths({ a: 1, gone: 1 }, { a: 1, extra: 0 })).toEqual(['v.extra']);
  });

  test('a value that became one of another kind stands there as a whole', () => {
    expect(paths(null, { x: 1 })).toEqual(['v']);
    expect(paths([1], { x: 1 })).toEqual(['v']);
    expect(paths({ p: { x: 1 } }, { p: null })).toEqual(['v.p']);
  });

  test('a variable that was not there before is new', () => {
    expect(changedValues([], [{ path: 'count', value: 1 }])).toEqual([{ path: 'count', value: 1 }]);
  });
});
