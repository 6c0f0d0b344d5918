import { changedFiles, changesWorthStoring, type FileList, readList, type StoredList } from './lists.js';
import { createOpenRows } from './open-rows.js';
import { good, keptRows } from './read.js';
import { unfinishedRow } from './rows.js';
import type { DatabaseSync, StatementSync } from './sqlite.js';
import type { Intent, Interrupted, MissingText, PlannedGeneration, Result, Writing } from './types.js';

/** Rows of a module whose inputs stay for a look at what they changed, beside those that can be gone back to. */
const recentRows = 20;

export interface Writer {
  /** Returns, for each of the intents, the texts that the journal does not have. */
  write(writing: Writing, keep: number): readonly (readonly MissingText[])[];
  pin(module: string, generation: number): void;
  unpin(module: string): void;
  /** To be called when nothing happens: what can wait is done, and all of it is on disk. */
  settle(): void;
  /** Marks what other sessions left unfinished, and says what that was. */
  closeUnfinished(): readonly Interrupted[];
}

/**
 * Writes of one session; each method is one transaction of the database, and outlives the end of this process when it
 * returns. It outlives that of the machine too, but for two kinds that need not wait for the disk: an intent, which means
 * nothing before its decision, and all writes of modules that start for the first time, as whatever ran went with the
 * machine and nothing ran before. A thousand modules are four thousand writes, of a millisecond and more each. The next
 * write that waits, or `settle`, takes those before it along, as the log is synced as a whole
 * (sqlite.org/pragma.html#pragma_synchronous).
 */
export function createWriter(db: DatabaseSync, session: string, now: () => number = Date.now): Writer {
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text) ?? db.prepare(text);
    statements.set(text, known);
    return known;
  };

  const open = createOpenRows(db, session, sql);

  /** The lists of the last rows, by row: the next generation is compared with one of them. */
  const lists = new Map<string, ReadonlyMap<number, StoredList>>();

  /** Transactions in which nothing ran before. */
  const firstStarts = new Set<string>();
  let synchronous = true;
  let unsettled = false;
  /** Modules of which something was let go of, so that texts may be there that nothing leads to. */
  let orphans = false;

  const setSynchronous = (wanted: boolean): void => {
    if (wanted === synchronous) return;
    // The journal is in WAL mode: sqlite.org/pragma.html#pragma_synchronous. A checkpoint waits for the disk as well.
    db.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}; PRAGMA wal_autocheckpoint = ${wanted ? 1000 : 8000};`);
    synchronous = wanted;
  };

  const asOne = <T>(work: () => T, { waits = true } = {}): T => {
    setSynchronous(waits);
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      unsettled = !waits;
      return result;
    } catch (error) {
      lists.clear();
      open.forget();
      // A failure such as a full disk may have ended the transaction by itself; what counts is the first error.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  const planned = (owner: number | bigint, transaction: string, one: PlannedGeneration): readonly MissingText[] => {
    open.abandon(one.module);
    const before = sql(
      // Numbers only grow, and there is an index of them, so that the newest row is the first that is looked at.
      `SELECT id, generation FROM generations WHERE module = ? AND outcome IN ${good}
       ORDER BY generation DESC, id DESC LIMIT 1`,
    ).get(one.module);
    const base = before === undefined ? null : listOf(one.module, Number(before.id));
    const changed = base === null ? [] : changedFiles(base.list, one.inputs);
    const { lastInsertRowid } = sql(
      `INSERT INTO generations (owner, time, module, generation, previous, restores, base, hash, entry, version, files,
         retained) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    ).run(
      owner,
      now(),
      one.module,
      one.generation,
      one.from,
      one.restores,
      Number(before?.generation ?? 0),
      one.hash,
      JSON.stringify(one.entry),
      one.moduleVersion,
      JSON.stringify(changed),
    );
    const row = Number(lastInsertRowid);
    open.begin(one.module, transaction, { id: row, owner: Number(owner) });
    const stored = storeList(row, one.inputs, base);
    lists.set(one.module, new Map([...(base === null ? [] : [[Number(before?.id), base] as const]), [row, stored]]));
    const has = sql('SELECT 1 FROM texts WHERE hash = ?');
    // What did not change was asked for when it did.
    const fresh = base === null ? Object.keys(one.inputs) : changed;
    return fresh.flatMap((path) => {
      const hash = one.inputs[path];
      return hash === undefined || has.get(hash) !== undefined ? [] : [{ path, hash }];
    });
  };

  const listOf = (module: string, row: number): StoredList | null => lists.get(module)?.get(row) ?? readList(db, row);

  const storeList = (row: number, list: FileList, near: StoredList | null): StoredList => {
    const changes = near === null ? null : changesWorthStoring(near.complete.list, list);
    const complete = near === null || changes === null ? { id: row, list } : near.complete;
    sql('INSERT INTO inputs (generation, hashes, base) VALUES (?, ?, ?)').run(
      row,
      JSON.stringify(changes ?? list),
      complete.id === row ? null : complete.id,
    );
    return { list, complete };
  };

  const addConflicts = (row: number | bigint, { conflicts = [] }: Result): void => {
    if (conflicts.length === 0) return;
    sql('INSERT OR REPLACE INTO conflicts (generation, decided) VALUES (?, ?)').run(row, JSON.stringify(conflicts));
  };

  const addOutcome = (result: Result): void => {
    const { module, generation, from, outcome, level, moduleVersion } = result;
    const json = [result.reasons, result.timings, result.state].map((part) => JSON.stringify(part));
    const begun = open.end(module, result.transaction);
    if (begun !== null) {
      sql(`UPDATE generations SET outcome = ?, level = ?, reasons = ?, timings = ?, state = ? WHERE id = ?`).run(
        outcome,
        level,
        ...json,
        begun.id,
      );
      addConflicts(begun.id, result);
      sql(
        `UPDATE transactions SET phase = 'outcome' WHERE id = ?1
           AND NOT EXISTS (SELECT 1 FROM generations WHERE owner = ?1 AND outcome IS NULL)`,
      ).run(begun.owner);
      return;
    }
    // A version that was taken back after its reload: the outcome is what stands after that.
    const taken =
      outcome === 'rolledBack'
        ? sql(
            `SELECT id FROM generations WHERE module = ? AND generation = ? AND outcome IN ${good} ORDER BY id DESC LIMIT 1`,
          ).get(module, generation)
        : undefined;
    if (taken !== undefined) {
      sql(`UPDATE generations SET outcome = ?, reasons = ? WHERE id = ?`).run(outcome, json[0] ?? '', Number(taken.id));
      return;
    }
    const { lastInsertRowid } = sql(
      `INSERT INTO generations (time, module, generation, previous, version, outcome, level, reasons, timings, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(now(), module, ownNumber(result), from, moduleVersion, outcome, level, ...json);
    addConflicts(lastInsertRowid, result);
  };

  /** Lets go of what nobody can go back to any more; the rows themselves stay for ever. */
  const retire = (module: string, keep: number): void => {
    const rows = sql('SELECT id FROM generations WHERE module = ? AND retained = 1 ORDER BY id DESC').all(module);
    // Looking through the texts takes a while, so that it is done now and then.
    if (rows.length <= 2 * recentRows) return;
    const kept = new Set(keptRows(db, module, keep).map((one) => one.newest.id));
    const old = rows.slice(recentRows).filter(({ id }) => !kept.has(Number(id)));
    if (old.length === 0) return;
    for (const { id } of old) sql('UPDATE generations SET retained = 0 WHERE id = ?').run(Number(id));
    // Differences first: what they are told from may go with them.
    for (const whole of ['NOT NULL', 'NULL']) {
      sql(
        `DELETE FROM inputs WHERE base IS ${whole}
           AND generation IN (SELECT id FROM generations WHERE module = ? AND retained = 0)
           AND NOT EXISTS (SELECT 1 FROM inputs AS other WHERE other.base = inputs.generation)`,
      ).run(module);
    }
    orphans = true;
  };

  const dropOrphans = (): void => {
    sql(
      `DELETE FROM texts WHERE hash NOT IN
         (SELECT used.value FROM inputs, json_each(inputs.hashes) AS used WHERE used.value IS NOT NULL)`,
    ).run();
  };

  const addIntent = ({ transaction, modules }: Intent): readonly MissingText[] => {
    const { lastInsertRowid } = sql(
      `INSERT INTO transactions (session, name, time, phase) VALUES (?, ?, ?, 'intent')`,
    ).run(session, transaction, now());
    return modules.flatMap((one) => planned(lastInsertRowid, transaction, one));
  };

  /** "phase <> 'outcome'" lets the index of what is unfinished be used, so that a long history costs nothing. */
  const addDecision = (transaction: string): void =>
    void sql(
      `UPDATE transactions SET phase = 'decided'
       WHERE session = ? AND name = ? AND phase = 'intent' AND phase <> 'outcome' AND interrupted = 0`,
    ).run(session, transaction);

  return {
    write({ intents, decided, results, texts }, keep) {
      for (const { transaction, modules } of intents) {
        if (modules.every(({ from }) => from === 0)) firstStarts.add(transaction);
      }
      const ended = results.map(({ transaction }) => transaction);
      const waits = [...decided, ...ended].some((transaction) => !firstStarts.has(transaction));
      const missing = asOne(
        () => {
          const asked = intents.map(addIntent);
          for (const transaction of decided) addDecision(transaction);
          for (const result of results) {
            addOutcome(result);
            if (result.outcome === 'loaded' || result.outcome === 'reloaded') retire(result.module, keep);
          }
          const add = sql('INSERT OR IGNORE INTO texts (hash, text) VALUES (?, ?)');
          for (const [hash, text] of texts) add.run(hash, text);
          return asked;
        },
        { waits },
      );
      for (const transaction of ended) firstStarts.delete(transaction);
      return missing;
    },
    settle() {
      if (!unsettled && !orphans) return;
      asOne(() => {
        if (orphans) dropOrphans();
        // One write that is waited for takes all before it along.
        sql('UPDATE transactions SET phase = phase WHERE id = (SELECT max(id) FROM transactions)').run();
      });
      orphans = false;
    },
    pin: (module, generation) =>
      asOne(
        () =>
          void sql('INSERT OR REPLACE INTO pins (module, generation, time) VALUES (?, ?, ?)').run(
            module,
            generation,
            now(),
          ),
      ),
    unpin: (module) => asOne(() => void sql('DELETE FROM pins WHERE module = ?').run(module)),
    closeUnfinished: () =>
      asOne(() => {
        const rows = sql(
          // CROSS keeps the order: what is unfinished has an index, and of the other table all rows would be looked through.
          `SELECT t.id, t.name, t.time, t.phase, g.module, g.generation, g.previous
           FROM transactions AS t CROSS JOIN generations AS g ON g.owner = t.id
           WHERE t.phase <> 'outcome' AND t.interrupted = 0 AND t.session <> ? AND g.outcome IS NULL ORDER BY g.id`,
        ).all(session);
        for (const { id } of rows) {
          sql(`UPDATE generations SET outcome = 'interrupted' WHERE owner = ? AND outcome IS NULL`).run(Number(id));
          sql('UPDATE transactions SET interrupted = 1 WHERE id = ?').run(Number(id));
        }
        return interruptedOf(rows);
      }),
  };
}

/**
 * The number an outcome is about; 0 where the build never got one: events then name the generation that runs on
 * (docs/ARCHITECTURE.md, Contracts).
 */
function ownNumber({ transaction, generation, from }: Result): number {
  return transaction === '' && generation === from ? 0 : generation;
}

function interruptedOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly Interrupted[] {
  const byTransaction = Map.groupBy(rows, (row) => row.id);
  return [...byTransaction.values()].flatMap((group) => {
    const read = group.map((row) => unfinishedRow.parse(row));
    const [first] = read;
    if (first === undefined) return [];
    const modules = read.map(({ module, generation, previous }) => ({ module, generation, from: previous }));
    return [{ transaction: first.name, time: new Date(first.time).toISOString(), phase: first.phase, modules }];
  });
}
