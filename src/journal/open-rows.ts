import type { DatabaseSync, StatementSync } from './sqlite.js';

/** The row of a module in a transaction that has no outcome yet. */
export interface OpenRow {
  readonly id: number;
  /** The row of its transaction. */
  readonly owner: number;
}

/** What a session began and has not ended: a module is in one transaction at a time. */
export interface OpenRows {
  begin(module: string, transaction: string, row: OpenRow): void;
  /** The row that an outcome belongs to, which ends by it; null where nothing was begun. */
  end(module: string, transaction: string): OpenRow | null;
  /** Marks what was begun for a module and never ended: it lost its host, and begins again now. */
  abandon(module: string): void;
  /** To be called when a transaction of the database failed: what it wrote is not there. */
  forget(): void;
}

/**
 * They are remembered, because the database would have to look through all rows of a module for them. It is asked only
 * where it may know more: a journal that took the place of another one has rows from before.
 *
 * @param sql prepares a statement, or finds it prepared.
 */
export function createOpenRows(db: DatabaseSync, session: string, sql: (text: string) => StatementSync): OpenRows {
  const known = new Map<string, OpenRow & { readonly transaction: string }>();
  let isAll = hasNothingOpen(db, session);

  return {
    begin(module, transaction, row) {
      known.set(module, { ...row, transaction });
    },
    end(module, transaction) {
      const row = known.get(module);
      if (row?.transaction === transaction) {
        known.delete(module);
        return row;
      }
      if (isAll) return null;
      const found = sql(
        `SELECT g.id, g.owner FROM transactions AS t JOIN generations AS g ON g.owner = t.id
         WHERE t.session = ? AND t.name = ? AND g.module = ? AND g.outcome IS NULL ORDER BY g.id DESC LIMIT 1`,
      ).get(session, transaction, module);
      return found === undefined ? null : { id: Number(found.id), owner: Number(found.owner) };
    },
    abandon(module) {
      if (isAll && !known.has(module)) return;
      const unfinished = sql(
        `SELECT g.id, g.owner FROM transactions AS t JOIN generations AS g ON g.owner = t.id
         WHERE t.phase <> 'outcome' AND t.interrupted = 0 AND t.session = ? AND g.module = ? AND g.outcome IS NULL`,
      ).all(session, module);
      for (const { id, owner } of unfinished) {
        sql(`UPDATE generations SET outcome = 'interrupted' WHERE id = ?`).run(Number(id));
        sql('UPDATE transactions SET interrupted = 1 WHERE id = ?').run(Number(owner));
      }
      known.delete(module);
    },
    forget() {
      known.clear();
      isAll = false;
    },
  };
}

function hasNothingOpen(db: DatabaseSync, session: string): boolean {
  const query = `SELECT 1 FROM transactions WHERE phase <> 'outcome' AND interrupted = 0 AND session = ? LIMIT 1`;
  return db.prepare(query).get(session) === undefined;
}
