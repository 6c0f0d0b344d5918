import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { npmSources } from '../helpers/npm-sources.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

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

describe('sources that were not written for hotmod', () => {
  test('SQLite, more than 250,000 lines, builds, loads, and reloads after a one-line edit', {
    timeout: 300_000,
  }, async () => {
    const sqlite = join(await npmSources('better-sqlite3', '12.11.1'), 'deps/sqlite3');
    const text = await readFile(join(sqlite, 'sqlite3.c'), 'utf8');
    expect(text.split('\n').length).toBeGreaterThan(250_000);

    await using dir = await tempDir({ 'modules/db/db.c': database });
    const source = join(dir.path, 'modules/db/sqlite3.c');
    await copyFile(join(sqlite, 'sqlite3.h'), join(dir.path, 'modules/db/sqlite3.h'));
    await writeFile(source, text);
    await using running = await openTestSession(dir.path);
    expect(running.outcomes('db').map((event) => event.outcome)).toEqual(['loaded']);
    await waitFor(async () => /^[1-9]\d* rows/.test(await running.view('db')), 'rows in the database');

    const edited = text.replace(
      'SQLITE_API const char *sqlite3_libversion(void){ return sqlite3_version; }',
      'SQLITE_API const char *sqlite3_libversion(void){ return "edited"; }',
    );
    expect(edited).not.toBe(text);
    await writeFile(source, edited);
    await waitFor(async () => (await running.view('db')).endsWith('edited'), 'the edited SQLite', 120_000);
    const [, second] = running.outcomes('db');
    expect(second).toMatchObject({ outcome: 'reloaded', level: 'WARNING' });
    expect(second?.reasons.map((reason) => reason.code)).toContain('HM404');
    console.log('SQLite, timings of the reload in ms:', JSON.stringify(second?.timings));
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
