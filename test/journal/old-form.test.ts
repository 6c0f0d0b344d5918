import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openJournalReader } from '../../src/journal/open-reader.js';
import type { JournalReader } from '../../src/journal/types.js';
import { openTestJournal } from '../helpers/journal.js';
import { coverReadOnly } from '../helpers/small-disk.js';
import { tempProject } from '../helpers/temp-project.js';

/** A journal as an earlier hotmod left it. */
async function oldJournal(): Promise<string> {
  const file = join(await tempProject(), 'history.db');
  using db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(await readFile(join(import.meta.dirname, 'form-1.sql'), 'utf8'));
  return file;
}

const form = (file: string): unknown => {
  using db = new DatabaseSync(file, { readOnly: true });
  return db.prepare('PRAGMA user_version').get()?.user_version;
};

function expectWhole(journal: JournalReader): void {
  const entries = journal.entries({ module: null, limit: 100 });
  expect(entries.map((one) => [one.generation, one.outcome, one.transaction])).toEqual([
    [3, 'reloaded', 't3'],
    [2, 'reloaded', 't2'],
    [1, 'loaded', 't1'],
  ]);
  expect(journal.kept('m').map((one) => [one.generation, one.hash, one.inputs])).toEqual([
    [3, 'library of 3', { 'modules/m/a.h': 'hash of a', 'modules/m/m.c': 'hash of 3' }],
    [2, 'library of 2', oldInputs('hash of 2')],
    [1, 'library of 1', oldInputs('hash of 1')],
  ]);
  expect([...journal.pins()]).toEqual([['m', 2]]);
  expect(journal.highest('m')).toBe(3);
  expect(journal.difference('m', 3)).toEqual({
    generation: 3,
    base: 2,
    files: [
      { path: 'modules/m/gone.c', before: 'text of hash of gone', after: null, missing: false },
      { path: 'modules/m/m.c', before: 'text of hash of 2', after: 'text of hash of 3', missing: false },
    ],
  });
}

const oldInputs = (hash: string) => ({
  'modules/m/a.h': 'hash of a',
  'modules/m/gone.c': 'hash of gone',
  'modules/m/m.c': hash,
});

describe('a journal of an earlier form', () => {
  test('is read as it lies there by a command beside no session', async () => {
    const file = await oldJournal();
    const before = await readFile(file);
    {
      using reader = openJournalReader(file, 5);
      if (reader === null) throw new Error('there is no journal');
      expectWhole(reader);
    }
    expect(await readFile(file)).toEqual(before);
  });

  test('is brought to the form of now by the next session, which goes on with all of it', async () => {
    const file = await oldJournal();
    expect(form(file)).toBe(1);
    {
      using open = openTestJournal(file);
      expect(open.problems).toEqual([]);
      expectWhole(open.journal);
      open.reload('m', 4, 'four');
      expect(open.journal.difference('m', 4)?.base).toBe(3);
      expect(open.journal.entries({ module: 'm', limit: 1 })[0]?.files).toEqual(['modules/m/a.h', 'modules/m/m.c']);
    }
    expect(form(file)).toBe(2);
    using next = openTestJournal(file);
    expect(next.problems).toEqual([]);
    expect(next.journal.kept('m').map((one) => one.generation)).toEqual([4, 3, 2, 1]);
  });

  test('on a disk that takes nothing is left alone, and the session goes on with what it holds in memory', async ({
    skip,
  }) => {
    const file = await oldJournal();
    {
      await using cover = await coverReadOnly(join(file, '..'));
      if (cover === null) skip('only root may mount a folder over itself');
      using open = openTestJournal(file);
      expect(open.problems.map((one) => one.code)).toEqual(['HM562']);
      expectWhole(open.journal);
    }
    expect(form(file)).toBe(1);
  });
});
