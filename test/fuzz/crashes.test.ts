import { expect, test } from 'vitest';
import { runCrashes } from '../../src/fuzz/crashes.js';

test('modules that crash at random, in any call and any way, cost no other module a frame and none its state', async () => {
  const result = await runCrashes({ seed: 4711, crashes: 30, env: process.env });
  expect(result.wrong).toEqual([]);
  expect(result.crashes).toBe(30);
  expect(Object.keys(result.counts)).toHaveLength(9);
});
