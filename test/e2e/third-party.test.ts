import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { npmSources } from '../../src/bench/npm-sources.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

const database = `#include <stdio.h>
#include "sqlite3.h"
static sqlite3 *db;
int db_init(void) {
  if (sqlite3_open(":memory:", &db)) return 1;
  return sqlite3_exec(db, "create table frame(n integer primary key)", 0, 0, 0);
}
void db_update(double dt) {
  (void)dt;
  sqlite3_exec(db, "insert into frame default values", 0, 0, 0);
}
void db_shutdown(void) { sqlite3_close(db); }
const char *db_view(void) {
  static char text[200];
  sqlite3_stmt *statement;
  sqlite3_prepare_v2(db, "select count(*) from frame", -1, &statement, 0);
  sqlite3_step(statement);
  snprintf(text, sizeof text, "%d rows, %s", sqlite3_column_int(statement, 0), sqlite3_libversion());
  sqlite3_finalize(statement);
  return text;
}
`;

const json = `#include <stdio.h>
#include "tree_sitter/parser.h"
const TSLanguage *tree_sitter_json(void);
int json_init(void) { return 0; }
void json_update(double dt) { (void)dt; }
const char *json_view(void) {
  static char text[100];
  snprintf(text, sizeof text, "%u symbols", (unsigned)tree_sitter_json()->symbol_count);
  return text;
}
`;

/**
 * Uses what SQLite keeps in static variables alone: its random numbers, its configuration with our callback and its
 * argument, its list of file systems, its mutexes. A database is opened and closed in each frame.
 */
const statics = `#include <stdio.h>
#include "sqlite3.h"
struct notes { int count; char last[40]; };
static struct notes notes;
static void take_note(void *into, int code, const char *text) {
  (void)code;
  struct notes *all = into;
  all->count++;
  snprintf(all->last, sizeof all->last, "%s", text);
}
int db_init(void) {
  if (sqlite3_config(SQLITE_CONFIG_LOG, take_note, &notes) || sqlite3_initialize()) return 1;
  return sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 42, (sqlite3 *)0);
}
void db_update(double dt) {
  (void)dt;
  sqlite3 *db;
  sqlite3_stmt *statement;
  if (sqlite3_open(":memory:", &db)) return;
  sqlite3_prepare_v2(db, "select hex(randomblob(8))", -1, &statement, 0);
  if (sqlite3_step(statement) == SQLITE_ROW) sqlite3_log(SQLITE_NOTICE, "%s", sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(db);
}
const char *db_view(void) {
  static char text[200];
  snprintf(text, sizeof text, "%d %s %s", notes.count, notes.last, sqlite3_libversion());
  return text;
}
`;

const versionFunction = 'SQLITE_API const char *sqlite3_libversion(void){ return sqlite3_version; }';

/** A module of SQLite's amalgamation, unchanged, and one source of ours beside it. */
async function sqliteProject(source: string) {
  const sqlite = join(await npmSources('better-sqlite3', '12.11.1'), 'deps/sqlite3');
  const text = await readFile(join(sqlite, 'sqlite3.c'), 'utf8');
  expect(text.split('\n').length).toBeGreaterThan(250_000);
  const edited = text.replace(versionFunction, versionFunction.replace('sqlite3_version;', '"edited";'));
  expect(edited).not.toBe(text);
  const dir = await tempDir({ 'modules/db/db.c': source, 'modules/db/sqlite3.c': text });
  await copyFile(join(sqlite, 'sqlite3.h'), join(dir.path, 'modules/db/sqlite3.h'));
  return {
    path: dir.path,
    ours: join(dir.path, 'modules/db/db.c'),
    library: join(dir.path, 'modules/db/sqlite3.c'),
    edited,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Takes in what is on disk now, and hands back what came of it. */
async function reload(running: TestSession, acceptUnsafe = false) {
  await running.session.refresh({ acceptUnsafe });
  await running.session.idle();
  return running.outcomes('db').at(-1);
}

/** What the view shows after each of so many frames. */
async function play(running: TestSession, frames: number): Promise<readonly string[]> {
  const shown: string[] = [];
  for (let n = 0; n < frames; n++) {
    await running.session.step(1);
    shown.push(await running.view('db'));
  }
  return shown;
}

const stepped = { watch: false, stepped: true } as const;

describe('sources that were not written for hotmod', () => {
  test('SQLite keeps its static state over an edit beside it and one of a function of its own', {
    timeout: 300_000,
  }, async () => {
    await using project = await sqliteProject(statics);
    const expected = await (async () => {
      await using uninterrupted = await openTestSession(project.path, stepped);
      return await play(uninterrupted, 15);
    })();
    expect(new Set(expected).size).toBe(15);

    await using running = await openTestSession(project.path, stepped);
    const before = await play(running, 5);
    // The callback that SQLite's configuration points to is another function now.
    await writeFile(project.ours, statics.replace('"%s", text);', '"%s", code == SQLITE_NOTICE ? text : "");'));
    // SQLite can start threads of its own, which is always worth a word; nothing else is.
    const first = await reload(running);
    expect(first).toMatchObject({ outcome: 'reloaded', level: 'WARNING', reasons: [{ code: 'HM442' }] });
    const between = await play(running, 5);
    await writeFile(project.library, project.edited);
    const second = await reload(running);
    expect(second).toMatchObject({ outcome: 'reloaded', level: 'WARNING', reasons: [{ code: 'HM442' }] });
    const after = await play(running, 5);

    expect([...before, ...between]).toEqual(expected.slice(0, 10));
    const numbers = (lines: readonly string[]) => lines.map((line) => line.split(' ').slice(0, 2));
    expect(numbers(after)).toEqual(numbers(expected.slice(10)));
    expect(after.every((line) => line.endsWith('edited'))).toBe(true);
  });

  test('SQLite with an open database is refused, goes on with its rows, and takes the edit by force', {
    timeout: 300_000,
  }, async () => {
    await using project = await sqliteProject(database);
    await using running = await openTestSession(project.path, stepped);
    await running.session.step(10);
    expect(await running.view('db')).toMatch(/^10 rows/);

    // The connection on the heap leads back to SQLite's static list of file systems.
    await writeFile(project.library, project.edited);
    const refused = await reload(running);
    expect(refused).toMatchObject({ outcome: 'refused', level: 'UNSAFE', from: 1 });
    const [reason] = refused?.reasons ?? [];
    expect(reason).toMatchObject({
      code: 'HM437',
      message: expect.stringMatching(/^db->pVfs .*; db leads to an object/),
    });
    await running.session.step(10);
    expect(await running.view('db')).toMatch(/^20 rows, \d/);

    // Its old version stays in memory, so what leads into it goes on working.
    expect(await reload(running, true)).toMatchObject({ outcome: 'reloaded', level: 'UNSAFE' });
    await running.session.step(10);
    expect(await running.view('db')).toBe('30 rows, edited');
  });

  test('the generated parser of tree-sitter-json builds and answers', async () => {
    const parser = join(await npmSources('tree-sitter-json', '0.24.8'), 'src');
    await using dir = await tempDir({ 'modules/json/json.c': json });
    await mkdir(join(dir.path, 'modules/json/tree_sitter'));
    await copyFile(join(parser, 'tree_sitter/parser.h'), join(dir.path, 'modules/json/tree_sitter/parser.h'));
    await copyFile(join(parser, 'parser.c'), join(dir.path, 'modules/json/parser.c'));
    await using running = await openTestSession(dir.path);
    expect(running.outcomes('json').map((event) => event.outcome)).toEqual(['loaded']);
    expect(await running.view('json')).toMatch(/^\d+ symbols$/);
  });
});
