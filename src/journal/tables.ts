import type { DatabaseSync } from './sqlite.js';

/** `user_version` of the file (sqlite.org/pragma.html): raised with every change that an older hotmod cannot read. */
export const schemaVersion = 2;

/** `application_id`: "HMJ1". Tells our file from any other database that happens to lie in its place. */
export const applicationId = 0x484d4a31;

/**
 * `transactions`: one row for each that was begun. `generations`: one row for each module of it, and for each build that
 * never came to one (`owner` is null then). `retained` marks rows whose library and texts stay. `inputs` has the files
 * that they were built from, path to hash, in a table of its own because it may be long and a row is written twice; it
 * goes when `retained` does, the row itself never. `base` is the good generation before, which `files` are compared with.
 * The `base` of `inputs` is the row with the complete list that `hashes` is the difference to (lists.ts); such a row stays
 * as long as it is one. `conflicts` has what stood in the way of an outcome, and who decided.
 */
const tables = `
  CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('intent', 'decided', 'outcome')),
    interrupted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX unfinished ON transactions (id) WHERE phase <> 'outcome' AND interrupted = 0;

  CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    owner INTEGER REFERENCES transactions (id),
    time INTEGER NOT NULL,
    module TEXT NOT NULL,
    generation INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    restores INTEGER NOT NULL DEFAULT 0,
    base INTEGER NOT NULL DEFAULT 0,
    hash TEXT NOT NULL DEFAULT '',
    entry TEXT NOT NULL DEFAULT '{}',
    version TEXT NOT NULL DEFAULT '',
    outcome TEXT,
    level TEXT,
    reasons TEXT NOT NULL DEFAULT '[]',
    timings TEXT NOT NULL DEFAULT '{}',
    state TEXT,
    files TEXT NOT NULL DEFAULT '[]',
    retained INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX of_module ON generations (module, generation);
  CREATE INDEX of_owner ON generations (owner);
  CREATE INDEX retained ON generations (module, id) WHERE retained = 1;

  CREATE TABLE inputs (generation INTEGER PRIMARY KEY REFERENCES generations (id), hashes TEXT NOT NULL) STRICT;
  CREATE TABLE texts (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (module TEXT PRIMARY KEY, generation INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
`;

/** What each form of the file has more than the one before it, in SQL that makes the one into the other. */
const differences = `
  ALTER TABLE inputs ADD COLUMN base INTEGER REFERENCES inputs (generation);
  CREATE INDEX differences ON inputs (base) WHERE base IS NOT NULL;
  CREATE TABLE conflicts (generation INTEGER PRIMARY KEY REFERENCES generations (id), decided TEXT NOT NULL) STRICT;
`;

/** Makes the tables, all of them or none. */
export function createTables(db: DatabaseSync): void {
  change(db, `${tables} ${differences} PRAGMA application_id = ${applicationId};`);
}

/** Brings a file of an earlier form to this one, whole or not at all; nothing in it is lost. */
export function upgradeTables(db: DatabaseSync): void {
  change(db, differences);
}

function change(db: DatabaseSync, sql: string): void {
  db.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
}
