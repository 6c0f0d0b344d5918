import { spawnSync } from 'node:child_process';
import { open as openFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { openJournalReader } from '../../src/journal/open-reader.js';
import { openDatabase } from '../../src/journal/sqlite.js';
import { packageRoot } from '../../src/paths.js';
import { openTestJournal, outcomeOf, planned, type TestJournal } from '../helpers/journal.js';
import { coverReadOnly, fill, smallDisk } from '../helpers/small-disk.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const all = { module: null, limit: 1000 };
const noMount = 'only root may mount the small disk that this test fills';

/** A journal with a few generations in it, closed. */
async function written(generations = 3): Promise<string> {
  const file = join(await tempProject(), 'history.db');
  using open = openTestJournal(file);
  for (let generation = 1; generation <= generations; generation++) open.reload('m', generation);
  return file;
}

const numbers = (open: TestJournal) => open.journal.entries(all).map((one) => one.generation);
const codes = (open: TestJournal) => open.problems.map((one) => one.code);

/** Work goes on: rows are taken, and read back. */
function worksOn(open: TestJournal, generation: number): void {
  open.reload('m', generation);
  expect(numbers(open)[0]).toBe(generation);
  expect(open.journal.kept('m')[0]?.generation).toBe(generation);
  open.journal.pin('m', generation);
  expect(open.journal.pins().get('m')).toBe(generation);
}

const read = async (file: string) => openJournalReader(file, 5);

async function overwrite(file: string, offset: number, bytes: Uint8Array): Promise<void> {
  const handle = await openFile(file, 'r+');
  await handle.write(bytes, 0, bytes.length, offset);
  await handle.close();
}

describe('a damaged journal', () => {
  const damages: readonly (readonly [name: string, damage: (file: string) => Promise<void>])[] = [
    ['that is no database at all', (file) => writeFile(file, 'not a database, and longer than a header is'.repeat(20))],
    ['whose header is overwritten', (file) => overwrite(file, 0, Buffer.alloc(100, 7))],
    ['with a damaged page', (file) => overwrite(file, 4096 * 2, Buffer.alloc(4096, 0xa5))],
    [
      'that was only half written',
      async (file) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096 + 100),
    ],
    [
      'that is the database of something else',
      async (file) => {
        await writeFile(file, '');
        using other = new DatabaseSync(file);
        other.exec('CREATE TABLE bookmarks (url TEXT)');
      },
    ],
  ];

  test.each(damages)('%s is moved aside whole, and a new one begun', async (_, damage) => {
    const file = await written();
    await damage(file);
    const bytes = await readFile(file);
    {
      using open = openTestJournal(file);
      expect(codes(open)).toEqual(['HM560']);
      expect(open.problems[0]?.message).toContain('history.db.damaged-1');
      expect(numbers(open)).toEqual([]);
      worksOn(open, 4);
    }
    expect(await readFile(`${file}.damaged-1`)).toEqual(bytes);
    using next = openTestJournal(file);
    expect(codes(next)).toEqual([]);
    expect(numbers(next)).toEqual([4]);
  });

  test('a second one is moved beside the first, never over it', async () => {
    const file = await written();
    await writeFile(file, 'first'.repeat(30));
    openTestJournal(file)[Symbol.dispose]();
    await writeFile(file, 'second'.repeat(30));
    openTestJournal(file)[Symbol.dispose]();
    expect(await readFile(`${file}.damaged-1`, 'utf8')).toContain('first');
    expect(await readFile(`${file}.damaged-2`, 'utf8')).toContain('second');
  });

  test('damage that shows only while it is in use is dealt with then, and said once', async () => {
    const file = await written(200);
    using open = openTestJournal(file);
    expect(codes(open)).toEqual([]);
    const size = (await stat(file)).size;
    await overwrite(file, 4096, Buffer.alloc(size - 4096, 0xa5));
    open.reload('m', 201);
    open.reload('m', 202);
    expect(codes(open)).toEqual(['HM560']);
    expect(numbers(open).slice(0, 1)).toEqual([202]);
    expect((await readdir(join(file, '..'))).filter((name) => name.includes('damaged-1'))).not.toEqual([]);
  });

  test('a command that only reads says so and moves nothing', async () => {
    const file = await written();
    await writeFile(file, 'nothing'.repeat(30));
    expect(await thrown(read(file))).toMatchObject({ code: 'HM560' });
    expect(await readdir(join(file, '..'))).toEqual(['history.db']);
  });
});

describe('a journal of a newer hotmod', () => {
  test('is left byte for byte as it is, and work goes on in memory', async () => {
    const file = await written();
    {
      using db = new DatabaseSync(file);
      db.exec('PRAGMA user_version = 99');
    }
    const before = await readFile(file);
    {
      using open = openTestJournal(file);
      expect(codes(open)).toEqual(['HM561']);
      expect(numbers(open)).toEqual([]);
      worksOn(open, 7);
    }
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(join(file, '..'))).toEqual(['history.db']);
    expect(await thrown(read(file))).toMatchObject({ code: 'HM561' });
    expect(await readdir(join(file, '..'))).toEqual(['history.db']);
  });
});

describe('a journal that cannot be written', () => {
  test('because a folder stands in its place', async () => {
    const root = await tempProject({ 'history.db/file': '' });
    using open = openTestJournal(join(root, 'history.db'));
    expect(codes(open)).toEqual(['HM562']);
    worksOn(open, 1);
    expect(await readdir(join(root, 'history.db'))).toEqual(['file']);
  });

  test('because its disk is read-only: it keeps what it has, and the session goes on with it in memory', async ({
    skip,
  }) => {
    const file = await written();
    const before = await readFile(file);
    {
      await using cover = await coverReadOnly(join(file, '..'));
      if (cover === null) skip(noMount);
      using open = openTestJournal(file);
      expect(codes(open)).toEqual(['HM562']);
      expect(numbers(open)).toEqual([3, 2, 1]);
      worksOn(open, 4);
      using reader = openJournalReader(file, 5);
      expect(reader?.entries(all)).toHaveLength(3);
    }
    expect(await readFile(file)).toEqual(before);
  });

  test('because its disk is full: what was written stays, the rest is kept in memory, and it is said once', async ({
    skip,
  }) => {
    const root = await tempProject();
    const dir = join(root, 'small');
    await using disk = await smallDisk(dir, 'size=512k');
    if (disk === null) skip(noMount);
    const file = join(dir, 'history.db');
    {
      using open = openTestJournal(file);
      open.reload('m', 1);
      open.reload('m', 2);
      expect(codes(open)).toEqual([]);
      await fill(join(dir, 'everything'));
      for (let generation = 3; generation <= 20; generation++) open.reload('m', generation);
      expect(codes(open)).toEqual(['HM562']);
      expect(numbers(open)).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
      expect(open.journal.kept('m').map((one) => one.generation)).toEqual([20, 19, 18, 17, 16]);
    }
    spawnSync('rm', [join(dir, 'everything')]);
    using next = openTestJournal(file);
    expect(codes(next)).toEqual([]);
    const kept = numbers(next);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => kept.length - index));
    expect(kept.length).toBeGreaterThanOrEqual(2);
  });

  test('because files may not grow (RLIMIT_FSIZE): the same, in a process of its own', async () => {
    const file = await written(2);
    const { size } = await stat(file);
    const calls = Array.from({ length: 300 }, (_, index) => {
      const transaction = `t${index}`;
      const intent = { transaction, modules: [planned('m', index + 3, 'x'.repeat(4000) + index)] };
      return [intent, { ...outcomeOf('m', index + 3), transaction }];
    });
    const script = `
      const { openJournal } = await import(${JSON.stringify(join(packageRoot, 'dist/journal/journal.js'))});
      const problems = [];
      const journal = openJournal({ file: ${JSON.stringify(file)}, keep: () => 5, onProblem: (one) => problems.push(one.code) });
      const { calls } = JSON.parse((await import('node:fs')).readFileSync(0, 'utf8'));
      for (const [intent, outcome] of calls) { journal.write({ intents: [intent] }); journal.write({ results: [outcome] }); }
      console.log(JSON.stringify({ problems, rows: journal.entries({ module: 'm', limit: 1000 }).length }));
      journal[Symbol.dispose]();
    `;
    const blocks = Math.ceil(size / 1024) + 64;
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', `ulimit -f ${blocks}; exec "$0" --input-type=module -e "$1"`, process.execPath, script],
      { input: JSON.stringify({ calls }), encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ problems: ['HM562'], rows: 302 });
    using next = openTestJournal(file);
    expect(codes(next)).toEqual([]);
    expect(numbers(next).slice(-2)).toEqual([2, 1]);
  });
});

test("the warning that SQLite is experimental does not reach the user's terminal, and others do", () => {
  const load = process.getBuiltinModule;
  const said: unknown[] = [];
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation((text) => void said.push(text));
  // What Node 22 does when it loads the module.
  const loader = vi.spyOn(process, 'getBuiltinModule').mockImplementation((id: string) => {
    process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
    process.emitWarning('something else');
    return Reflect.apply(load, process, [id]);
  });
  openDatabase(':memory:', { readOnly: false }).close();
  process.emitWarning('afterwards');
  loader.mockRestore();
  emit.mockRestore();
  expect(said).toEqual(['something else', 'afterwards']);
});
