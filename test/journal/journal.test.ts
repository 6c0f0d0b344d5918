import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openJournalReader } from '../../src/journal/open-reader.js';
import { openTestJournal, outcomeOf, planned } from '../helpers/journal.js';
import { tempProject } from '../helpers/temp-project.js';

const all = { module: null, limit: 1000 };
const numbers = (entries: readonly { readonly generation: number }[]) => entries.map((one) => one.generation);

describe('the journal', () => {
  test('tells what happened, newest first, in this session and the next', async () => {
    const file = join(await tempProject(), 'history.db');
    {
      using first = openTestJournal(file);
      first.reload('m', 1);
      first.reload('m', 2);
      first.reload('other', 1);
    }
    expect(existsSync(`${file}-wal`)).toBe(false);
    using second = openTestJournal(file);
    expect(second.problems).toEqual([]);
    expect(second.journal.interrupted).toEqual([]);
    expect(second.journal.highest('m')).toBe(2);
    expect(second.journal.highest('nobody')).toBe(0);
    second.reload('m', 3);
    expect(numbers(second.journal.entries({ module: 'm', limit: 2 }))).toEqual([3, 2]);
    expect(second.journal.entries({ module: 'm', limit: 10 })[1]).toEqual({
      conflicts: [],
      time: '2026-01-01T00:00:04.000Z',
      module: 'm',
      generation: 2,
      from: 1,
      restores: 0,
      transaction: 't2',
      phase: 'outcome',
      outcome: 'reloaded',
      level: 'SAFE',
      reasons: [{ code: 'HM400', message: 'code only' }],
      timings: { build: 61, pause: 0.4, total: 90 },
      state: { bytes: 8, kept: 1, converted: 0, reset: 0, dropped: 0 },
      moduleVersion: '1.0.0',
      files: ['modules/m/m.c'],
    });
  });

  test('each phase is on disk when its call returns, for whoever reads beside', async () => {
    const file = join(await tempProject(), 'history.db');
    using open = openTestJournal(file);
    const phase = () => {
      using reader = openJournalReader(file, 5);
      return reader?.entries(all).map((one) => [one.phase, one.outcome]);
    };
    expect(phase()).toEqual([]);
    open.journal.write({ intents: [{ transaction: 't1', modules: [planned('m', 1)] }] });
    expect(phase()).toEqual([['intent', null]]);
    open.journal.write({ decided: ['t1'] });
    expect(phase()).toEqual([['decided', null]]);
    open.journal.write({ results: [{ ...outcomeOf('m', 1), transaction: 't1' }] });
    expect(phase()).toEqual([['outcome', 'loaded']]);
  });

  test('a transaction of several modules is over when each has its outcome', async () => {
    using open = openTestJournal(null);
    open.journal.write({ intents: [{ transaction: 't1', modules: [planned('a', 1), planned('b', 1)] }] });
    open.journal.write({ decided: ['t1'] });
    open.journal.write({ results: [{ ...outcomeOf('a', 1), transaction: 't1' }] });
    expect(open.journal.entries(all).map((one) => one.phase)).toEqual(['decided', 'decided']);
    open.journal.write({ results: [{ ...outcomeOf('b', 1), transaction: 't1' }] });
    expect(open.journal.entries(all).map((one) => one.phase)).toEqual(['outcome', 'outcome']);
  });

  test('a version that is taken back later is no way back, and what runs again is', () => {
    using open = openTestJournal(null);
    open.reload('m', 1);
    open.reload('m', 2);
    open.journal.write({
      results: [
        {
          ...outcomeOf('m', 2),
          outcome: 'rolledBack',
          from: 1,
          reasons: [{ code: 'HM509', message: 'crashed' }],
        },
      ],
    });
    const [entry] = open.journal.entries(all);
    expect(entry).toMatchObject({ generation: 2, outcome: 'rolledBack', reasons: [{ code: 'HM509' }] });
    expect(entry?.timings.build).toBe(61);
    expect(open.journal.entries(all)).toHaveLength(2);
    expect(numbers(open.journal.kept('m'))).toEqual([1]);
  });

  test('a build that never got a number stands there without one', () => {
    using open = openTestJournal(null);
    open.reload('m', 1);
    open.journal.write({ results: [{ ...outcomeOf('m', 1), from: 1, outcome: 'buildFailed', level: 'BLOCKED' }] });
    expect(open.journal.entries(all)[0]).toMatchObject({ generation: 0, from: 1, outcome: 'buildFailed' });
    expect(open.journal.highest('m')).toBe(1);
  });

  test('what was begun and lost its host is marked when the module begins again', () => {
    using open = openTestJournal(null);
    open.journal.write({ intents: [{ transaction: 't1', modules: [planned('m', 1)] }] });
    open.journal.write({ intents: [{ transaction: 't2', modules: [planned('m', 2)] }] });
    open.journal.write({ results: [{ ...outcomeOf('m', 2), transaction: 't2' }] });
    expect(open.journal.entries(all).map((one) => one.outcome)).toEqual(['reloaded', 'interrupted']);
  });
});

describe('what can be gone back to', () => {
  test('is as many different libraries as were asked for, the newest, and the pinned one', () => {
    using open = openTestJournal(null, 3);
    for (let generation = 1; generation <= 6; generation++) open.reload('m', generation);
    expect(numbers(open.journal.kept('m'))).toEqual([6, 5, 4]);
    open.journal.pin('m', 2);
    expect(numbers(open.journal.kept('m'))).toEqual([6, 5, 4, 2]);
    expect([...open.journal.pins()]).toEqual([['m', 2]]);
    open.journal.unpin('m');
    expect(numbers(open.journal.kept('m'))).toEqual([6, 5, 4]);
  });

  test('a library that ran again counts once, and all its numbers mean it', () => {
    using open = openTestJournal(null, 2);
    open.reload('m', 1, 'first');
    open.reload('m', 2, 'second');
    open.reload('m', 3, 'first');
    open.reload('m', 4, 'second');
    expect(open.journal.kept('m').map((one) => [one.generation, one.numbers])).toEqual([
      [4, [4, 2]],
      [3, [3, 1]],
    ]);
  });

  test('a rollback stands for the build that it went back to', () => {
    using open = openTestJournal(null);
    open.reload('m', 1, 'first');
    open.reload('m', 2, 'second');
    open.journal.write({ intents: [{ transaction: 'back', modules: [{ ...planned('m', 3, 'first'), restores: 1 }] }] });
    open.journal.write({ results: [{ ...outcomeOf('m', 3), transaction: 'back' }] });
    expect(open.journal.kept('m').map((one) => [one.generation, one.numbers])).toEqual([
      [1, [3, 1]],
      [2, [2]],
    ]);
    expect(open.journal.entries(all)[0]).toMatchObject({ generation: 3, restores: 1 });
  });

  test('after many reloads the rows are all there, and only what is kept has its texts', () => {
    using open = openTestJournal(null, 2);
    for (let generation = 1; generation <= 60; generation++) open.reload('m', generation);
    expect(open.journal.entries(all)).toHaveLength(60);
    expect(open.journal.difference('m', 60)?.files).toEqual([
      { path: 'modules/m/m.c', before: 'm 59', after: 'm 60', missing: false },
    ]);
    expect(open.journal.difference('m', 5)).toBeNull();
  });
});

describe('what a generation changed', () => {
  test('is told against the good one before it, not against one that was refused', () => {
    using open = openTestJournal(null);
    open.reload('m', 1, 'one');
    open.reload('m', 2, 'two', { outcome: 'refused', level: 'UNSAFE' });
    open.reload('m', 3, 'three');
    expect(open.journal.difference('m', 3)).toEqual({
      generation: 3,
      base: 1,
      files: [{ path: 'modules/m/m.c', before: 'one', after: 'three', missing: false }],
    });
    expect(open.journal.difference('m', 2)?.files[0]?.after).toBe('two');
    expect(open.journal.difference('m', 1)).toBeNull();
    expect(open.journal.difference('m', 9)).toBeNull();
  });

  test('a file that came, one that went, and one whose text was not kept are told apart', () => {
    using open = openTestJournal(null);
    const begin = (generation: number, inputs: Readonly<Record<string, string>>, texts: readonly string[]) => {
      const transaction = `t${generation}`;
      const missing = open.journal
        .write({ intents: [{ transaction, modules: [{ ...planned('m', generation), inputs }] }] })
        .flat();
      open.journal.write({ results: [{ ...outcomeOf('m', generation), transaction }] });
      open.journal.write({ texts: new Map(texts.map((hash) => [hash, `text of ${hash}`])) });
      return missing.map((one) => one.hash);
    };
    expect(begin(1, { 'a.c': 'a1', 'gone.c': 'g' }, ['a1', 'g'])).toEqual(['a1', 'g']);
    expect(begin(2, { 'a.c': 'a1', 'new.c': 'n', 'big.h': 'b' }, ['n'])).toEqual(['b', 'n']);
    expect(open.journal.difference('m', 2)?.files).toEqual([
      { path: 'big.h', before: null, after: null, missing: true },
      { path: 'gone.c', before: 'text of g', after: null, missing: false },
      { path: 'new.c', before: null, after: 'text of n', missing: false },
    ]);
  });
});
