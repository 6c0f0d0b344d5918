import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors.js';
import { moveAside } from './aside.js';
import { copyInMemory } from './copy.js';
import { lookAt } from './look.js';
import { readDifference, readEntries, readHighest, readKept, readKeptHashes, readPins } from './read.js';
import { type DatabaseSync, isDamage, openDatabase } from './sqlite.js';
import { createTables, schemaVersion, upgradeTables } from './tables.js';
import type { Interrupted, Journal, JournalProblem, JournalReader, Writing } from './types.js';
import { createWriter, type Writer } from './write.js';

export interface JournalOptions {
  /** Null: in memory only, for a session that leaves nothing behind. */
  readonly file: string | null;
  /** How many different libraries of a module can be gone back to; asked each time, because settings change. */
  readonly keep: () => number;
  readonly onProblem: (problem: JournalProblem) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Open {
  readonly db: DatabaseSync;
  readonly writer: Writer;
}

/** Opens the journal of a session. Never throws: a session goes on without one, and `onProblem` says so. */
export function openJournal(options: JournalOptions): Journal {
  const { file, keep, onProblem } = options;
  const session = randomUUID();
  let open: Open | null = null;
  let interrupted: readonly Interrupted[] = [];

  const use = (db: DatabaseSync): Open => ({ db, writer: createWriter(db, session, options.now) });

  const openFile = (path: string): Open => {
    const db = openDatabase(path, { readOnly: false });
    try {
      // What is said to have happened is on disk by then (sqlite.org/pragma.html#pragma_synchronous).
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
      if (version === 0) createTables(db);
      else if (version < schemaVersion) upgradeTables(db);
      const opened = use(db);
      // The first write of all: a disk that takes none shows here.
      interrupted = opened.writer.closeUnfinished();
      return opened;
    } catch (error) {
      db.close();
      throw error;
    }
  };

  const setAside = (path: string, why: string): Open => {
    const aside = moveAside(path);
    onProblem({
      code: 'HM560',
      message: `The journal ${path} is damaged (${why}). It was moved to ${aside}, and a new one begun.`,
    });
    return openFile(path);
  };

  const openChecked = (path: string): Open => {
    const condition = lookAt(path);
    switch (condition.kind) {
      case 'damaged':
        return setAside(path, condition.why);
      case 'newer':
        onProblem({
          code: 'HM561',
          message: `The journal ${path} is of a newer hotmod (form ${condition.version}). It is left as it is; this session keeps its history in memory.`,
        });
        return use(copyInMemory(null));
      case 'unreachable':
        throw new Error(condition.why);
      default:
        return openFile(path);
    }
  };

  const goOnInMemory = (error: unknown): void => {
    onProblem({
      code: 'HM562',
      message: `The journal ${file ?? ''} cannot be written: ${messageOf(error)}. What is in it stays; until the session ends, its history is kept in memory.`,
    });
    const before = open?.db ?? null;
    try {
      open = use(copyInMemory(isDamage(error) ? null : file));
    } catch {
      open = null;
    }
    close(before);
  };

  /** Has an action done, if need be on another journal than the one that failed; `otherwise` where there is none. */
  const attempt = <T>(action: (to: Open) => T, otherwise: T): T => {
    try {
      return open === null ? otherwise : action(open);
    } catch (error) {
      recover(error);
    }
    try {
      return open === null ? otherwise : action(open);
    } catch {
      return otherwise;
    }
  };

  const recover = (error: unknown): void => {
    try {
      if (file === null || !isDamage(error)) throw error;
      close(open?.db ?? null);
      open = null;
      open = setAside(file, messageOf(error));
    } catch (last) {
      goOnInMemory(last);
    }
  };

  try {
    open = file === null ? use(copyInMemory(null)) : openChecked(file);
  } catch (error) {
    recover(error);
  }

  const reader = readerOn((read, otherwise) => attempt(({ db }) => read(db), otherwise), keep);
  return {
    ...reader,
    interrupted,
    write: (writing) => attempt(({ writer }) => writer.write({ ...nothing, ...writing }, keep()), []),
    pin: (module, generation) => attempt(({ writer }) => writer.pin(module, generation), undefined),
    unpin: (module) => attempt(({ writer }) => writer.unpin(module), undefined),
    settle: () => attempt(({ writer }) => writer.settle(), undefined),
    [Symbol.dispose]() {
      close(open?.db ?? null);
      open = null;
    },
  };
}

const nothing: Writing = { intents: [], decided: [], results: [], texts: new Map() };

/** A database whose file went bad may fail at its close too; there is nothing more to be done with it. */
function close(db: DatabaseSync | null): void {
  try {
    db?.close();
  } catch {}
}

type Read = <T>(read: (db: DatabaseSync) => T, otherwise: T) => T;

export function readerOn(read: Read, keep: () => number): Omit<JournalReader, typeof Symbol.dispose> {
  return {
    entries: (query) => read((db) => readEntries(db, query), []),
    kept: (module) => read((db) => readKept(db, module, keep()), []),
    keptHashes: (modules) => read((db) => readKeptHashes(db, modules, keep()), []),
    pins: () => read(readPins, new Map<string, number>()),
    difference: (module, generation) => read((db) => readDifference(db, module, generation), null),
    highest: (module) => read((db) => readHighest(db, module), 0),
  };
}
