import { describe, expect, test } from 'vitest';
import { summarise } from '../../src/bench/compare/cpu-profile.js';
import { between, stepsOf } from '../../src/bench/compare/marks.js';
import { noteCalls } from '../../src/bench/compare/note-calls.js';

describe('marks on the way', () => {
  const marks = ['save', 'asked', 'done', 'asked', 'done'].map((name, at) => ({ name, at: at * at }));

  test('give the time from each to the next, and number what comes twice', () => {
    expect(stepsOf(marks).map(({ name, ms }) => [name, ms])).toEqual([
      ['save -> asked', 1],
      ['asked -> done', 3],
      ['done -> asked', 5],
      ['asked -> done (2)', 7],
    ]);
  });

  test('give the time from the first of one to the last of another', () => {
    expect(between(marks, 'asked', 'done')).toBe(15);
    expect(between(marks, 'save', 'never')).toBe(0);
  });

  test('stand before and behind each call, what it promises included', async () => {
    const noted: string[] = [];
    const target = { now: () => 1, later: async (given: number) => given };
    noteCalls('target', target, ['now', 'later'], (name) => noted.push(name));
    expect(target.now()).toBe(1);
    const later = target.later(2);
    noted.push('between');
    expect(await later).toBe(2);
    expect(noted).toEqual([
      'target.now called',
      'target.now done',
      'target.later called',
      'between',
      'target.later done',
    ]);
  });
});

describe('a CPU profile', () => {
  const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
    id,
    callFrame: { functionName, url, scriptId: '0', lineNumber: 6, columnNumber: 0 },
    children: [...children],
  });
  const profile = {
    nodes: [
      node(1, '(root)', '', [2, 3, 6]),
      node(2, '(idle)', ''),
      node(3, 'readOnce', 'file:///somewhere/dist/build/hashes.js', [4]),
      node(4, 'readFileSync', 'node:fs', [5]),
      node(5, 'open', ''),
      node(6, '', 'file:///somewhere/node_modules/chokidar/index.js'),
    ],
    startTime: 1000,
    endTime: 6000,
    // At 1000, 2000, 3000, 4000 and 5000 us.
    samples: [2, 3, 5, 6, 3],
    timeDeltas: [0, 1000, 1000, 1000, 1000],
  };

  test('counts what Node does to whoever asked for it, and waiting to nobody', () => {
    expect(summarise(profile, [{ from: 0, to: 10_000 }])).toEqual({
      files: [
        { name: 'build/hashes.js', ms: 2 },
        { name: 'chokidar/index.js', ms: 1 },
      ],
      functions: [
        { name: 'build/hashes.js readOnce', ms: 1 },
        { name: 'build/hashes.js readOnce > open', ms: 1 },
        { name: 'chokidar/index.js (line 7)', ms: 1 },
      ],
      idleMs: 1,
      busyMs: 3,
    });
  });

  test('leaves out what lies outside the windows', () => {
    const { busyMs, idleMs } = summarise(profile, [{ from: 2000, to: 3000 }]);
    expect([busyMs, idleMs]).toEqual([1, 0]);
  });
});
