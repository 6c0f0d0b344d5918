import { type DatabaseSync, openDatabase, untouchedUri } from './sqlite.js';
import { createTables } from './tables.js';

/** A journal in memory, with what a file of this form or an earlier one holds, as far as it can be read. */
export function copyInMemory(file: string | null): DatabaseSync {
  const db = openDatabase(':memory:', { readOnly: false });
  createTables(db);
  if (file === null) return db;
  try {
    copyFrom(db, file);
  } catch {
    // It then only knows of what comes from now on.
    if (db.isTransaction) db.exec('ROLLBACK');
  }
  return db;
}

/** Later forms have more columns and tables; those that the file lacks get what stands for nothing. */
function copyFrom(db: DatabaseSync, file: string): void {
  db.prepare('ATTACH ? AS file').run(untouchedUri(file));
  db.exec('BEGIN');
  for (const table of ['transactions', 'generations', 'inputs', 'texts', 'pins', 'conflicts']) {
    const columns = db.prepare(`SELECT name FROM pragma_table_info(?, 'file')`).all(table);
    if (columns.length === 0) continue;
    const names = columns.map(({ name }) => String(name)).join(', ');
    db.exec(`INSERT INTO main.${table} (${names}) SELECT ${names} FROM file.${table}`);
  }
  db.exec('COMMIT; DETACH file');
}
