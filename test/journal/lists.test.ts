import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { FileList } from '../../src/journal/lists.js';
import { openTestJournal, outcomeOf, planned, type TestJournal } from '../helpers/journal.js';
import { tempProject } from '../helpers/temp-project.js';

const files = 100;

/** As many files as a project has; those with a number below `edited` have changed by this generation. */
function listOf(generation: number, edited: number): FileList {
  const hash = (index: number) => `hash ${index} ${index < edited ? generation : 0}`;
  return Object.fromEntries(Array.from({ length: files }, (_, index) => [`file-${index}.c`, hash(index)]));
}

function reload({ journal }: TestJournal, generation: number, inputs: FileList, outcome = outcomeOf('m', generation)) {
  const transaction = `t${generation}`;
  journal.write({ intents: [{ transaction, modules: [{ ...planned('m', generation), inputs }] }] });
  journal.write({ results: [{ ...outcome, transaction }] });
}

/** The stored length of each list, in the order of the generations. */
function stored(file: string): readonly number[] {
  using db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare('SELECT length(hashes) AS length FROM inputs ORDER BY generation').all();
  return rows.map(({ length }) => Number(length));
}

const keptInputs = ({ journal }: TestJournal) => new Map(journal.kept('m').map((one) => [one.generation, one.inputs]));

describe('the list of files of a generation', () => {
  test('is stored as what it differs in, and read back whole: files changed, come and gone', async () => {
    const file = join(await tempProject(), 'history.db');
    const without = Object.fromEntries(Object.entries(listOf(3, 2)).filter(([path]) => path !== 'file-7.c'));
    const lists = [listOf(1, 0), listOf(2, 1), { ...without, 'new.c': 'n' }, listOf(4, 0)];
    {
      using open = openTestJournal(file);
      for (const [index, list] of lists.entries()) reload(open, index + 1, list);
      expect(keptInputs(open)).toEqual(new Map(lists.map((list, index) => [index + 1, list])));
      expect(open.journal.difference('m', 3)?.files.map((one) => one.path)).toEqual([
        'file-0.c',
        'file-1.c',
        'file-7.c',
        'new.c',
      ]);
    }
    const [whole = 0, ...differences] = stored(file);
    expect(whole).toBe(JSON.stringify(lists[0]).length);
    expect(Math.max(...differences)).toBeLessThan(whole / 10);
    expect(differences.at(-1)).toBe('{}'.length);
  });

  test('is stored whole again where too much of it is another one', async () => {
    const file = join(await tempProject(), 'history.db');
    using open = openTestJournal(file);
    reload(open, 1, listOf(1, 0));
    reload(open, 2, listOf(2, 60));
    reload(open, 3, { ...listOf(2, 60), 'file-99.c': 'edited' });
    const [first = 0, second = 0, third = 0] = stored(file);
    expect([second, third < first / 10]).toEqual([JSON.stringify(listOf(2, 60)).length, true]);
    expect(keptInputs(open).get(3)).toEqual({ ...listOf(2, 60), 'file-99.c': 'edited' });
  });

  test('is compared with that of the last good generation, in a later session as well', async () => {
    const file = join(await tempProject(), 'history.db');
    {
      using open = openTestJournal(file);
      reload(open, 1, listOf(1, 0));
      reload(open, 2, listOf(2, 3), { ...outcomeOf('m', 2), outcome: 'refused' });
    }
    using open = openTestJournal(file);
    reload(open, 3, listOf(3, 1));
    expect(open.journal.entries({ module: 'm', limit: 1 })[0]?.files).toEqual(['file-0.c']);
    expect(open.journal.difference('m', 3)?.base).toBe(1);
    expect(keptInputs(open).get(3)).toEqual(listOf(3, 1));
  });

  test('goes when nobody can go back to it, but for one that others are told from', async () => {
    const file = join(await tempProject(), 'history.db');
    using open = openTestJournal(file, 2);
    for (let generation = 1; generation <= 200; generation++) reload(open, generation, listOf(generation, 1));
    expect(stored(file).length).toBeLessThan(50);
    expect(stored(file)[0]).toBe(JSON.stringify(listOf(1, 1)).length);
    expect(keptInputs(open).get(200)).toEqual(listOf(200, 1));
    reload(open, 201, listOf(201, 90));
    for (let generation = 202; generation <= 300; generation++) {
      reload(open, generation, { ...listOf(201, 90), 'file-99.c': `edit ${generation}` });
    }
    expect(stored(file)[0]).toBe(JSON.stringify(listOf(201, 90)).length);
    expect(keptInputs(open).get(300)).toEqual({ ...listOf(201, 90), 'file-99.c': 'edit 300' });
  });

  test('names the texts that stay, also where one of its files went', async () => {
    const file = join(await tempProject(), 'history.db');
    using open = openTestJournal(file, 2);
    reload(open, 1, { ...listOf(1, 1), 'gone.c': 'gone' });
    for (let generation = 2; generation <= 100; generation++) {
      reload(open, generation, listOf(generation, 1));
      open.journal.write({ texts: new Map([[`hash 0 ${generation}`, 'text']]) });
    }
    open.journal.settle();
    using db = new DatabaseSync(file, { readOnly: true });
    expect(Number(db.prepare('SELECT count(*) AS count FROM texts').get()?.count)).toBeLessThan(50);
  });
});
