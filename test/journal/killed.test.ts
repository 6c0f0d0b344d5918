import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { Writing } from '../../src/journal/types.js';
import { packageRoot } from '../../src/paths.js';
import { openTestJournal, outcomeOf, planned } from '../helpers/journal.js';
import { tempProject } from '../helpers/temp-project.js';

/** Writes that in a process of its own, and kills it with SIGKILL as soon as the last has returned. */
async function killedAfter(file: string, writings: readonly Partial<Writing>[]) {
  const script = `
    const { openJournal } = await import(${JSON.stringify(join(packageRoot, 'dist/journal/journal.js'))});
    const journal = openJournal({ file: ${JSON.stringify(file)}, keep: () => 5, onProblem: (one) => console.log(one.message) });
    for (const writing of ${JSON.stringify(writings)}) journal.write(writing);
    console.log('done');
    setInterval(() => {}, 1000);
  `;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  expect(line).toBe('done');
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  expect(child.signalCode).toBe('SIGKILL');
}

const first = [
  { intents: [{ transaction: 't1', modules: [planned('m', 1)] }] },
  { decided: ['t1'] },
  { results: [{ ...outcomeOf('m', 1), transaction: 't1' }] },
] as const;
const second = [
  { intents: [{ transaction: 't2', modules: [planned('m', 2), planned('n', 4)] }] },
  { decided: ['t2'] },
  { results: [{ ...outcomeOf('m', 2), transaction: 't2' }] },
] as const;
const all = { module: null, limit: 100 };

test('killed before an intent: what was there is there, and nothing is unfinished', async () => {
  const file = join(await tempProject(), 'history.db');
  await killedAfter(file, first);
  using next = openTestJournal(file);
  expect(next.problems).toEqual([]);
  expect(next.journal.interrupted).toEqual([]);
  expect(next.journal.entries(all)).toMatchObject([{ generation: 1, outcome: 'loaded', phase: 'outcome' }]);
});

test('killed between intent and decision: the next start finds it, once, and what ran before it', async () => {
  const file = join(await tempProject(), 'history.db');
  await killedAfter(file, [...first, ...second.slice(0, 1)]);
  {
    using next = openTestJournal(file);
    expect(next.journal.interrupted).toMatchObject([
      {
        transaction: 't2',
        phase: 'intent',
        modules: [
          { module: 'm', generation: 2, from: 1 },
          { module: 'n', generation: 4, from: 3 },
        ],
      },
    ]);
    expect(next.journal.entries(all).map((one) => one.outcome)).toEqual(['interrupted', 'interrupted', 'loaded']);
    // Its number is used up: what was begun under it may lie in a log or on a screen.
    expect(next.journal.highest('m')).toBe(2);
    expect(next.journal.kept('m').map((one) => one.generation)).toEqual([1]);
  }
  using afterwards = openTestJournal(file);
  expect(afterwards.journal.interrupted).toEqual([]);
});

test('killed between decision and outcome: it is marked as decided, and is no way back', async () => {
  const file = join(await tempProject(), 'history.db');
  await killedAfter(file, [...first, ...second.slice(0, 2)]);
  using next = openTestJournal(file);
  expect(next.journal.interrupted).toMatchObject([{ transaction: 't2', phase: 'decided' }]);
  expect(next.journal.entries(all)[1]).toMatchObject({ module: 'm', outcome: 'interrupted', phase: 'decided' });
  expect(next.journal.kept('m').map((one) => one.generation)).toEqual([1]);
});

test('killed between the outcomes of two modules: the one that was told stays, the other is interrupted', async () => {
  const file = join(await tempProject(), 'history.db');
  await killedAfter(file, [...first, ...second]);
  using next = openTestJournal(file);
  expect(next.journal.interrupted).toMatchObject([{ phase: 'decided', modules: [{ module: 'n', generation: 4 }] }]);
  expect(next.journal.entries(all)).toMatchObject([
    { module: 'n', outcome: 'interrupted' },
    { module: 'm', generation: 2, outcome: 'reloaded' },
    { module: 'm', generation: 1, outcome: 'loaded' },
  ]);
});
