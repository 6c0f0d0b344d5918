import { expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../src/text/nearest.js';

test('a swap of neighbours is one edit, like an insertion, a deletion and a replacement', () => {
  expect(editDistance('rate', 'raet')).toBe(1);
  expect(editDistance('rate', 'rates')).toBe(1);
  expect(editDistance('rate', 'ate')).toBe(1);
  expect(editDistance('rate', 'rote')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

test('the nearest of several is taken, and nothing where none is near', () => {
  expect(nearest('trafic', ['weather', 'traffic', 'tragic'])).toBe('traffic');
  expect(nearest('poll_interval_ms', ['pollIntervalMs'])).toBe('pollIntervalMs');
  expect(nearest('webpack', ['rate', 'stepped'])).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});

test('the sentence is empty where there is nothing to suggest', () => {
  expect(didYouMean('jbos', ['jobs'])).toBe(' Did you mean "jobs"?');
  expect(didYouMean('zzz', ['jobs'])).toBe('');
});
