import { changesOf, inputsOf } from './rows.js';
import type { DatabaseSync } from './sqlite.js';

/** The files that a generation was built from: path relative to the project -> content hash. */
export type FileList = Readonly<Record<string, string>>;

/** What makes one list another one: the hash that a path has now, null for a path that went. */
type Changes = Readonly<Record<string, string | null>>;

/**
 * A list as it is stored. An edit changes one file of hundreds, and each generation has a list: so most are stored as their
 * difference to a complete one, and never to another difference, so that reading one takes two rows at most.
 */
export interface StoredList {
  readonly list: FileList;
  /** What its difference is to be told from; the list itself where it was stored whole. `id` is the row of its generation. */
  readonly complete: { readonly id: number; readonly list: FileList };
}

/** Differences larger than this part of the list are worth a complete list of their own. */
const largestPart = 1 / 4;

/** @returns null where the list is to be stored whole. */
export function changesWorthStoring(complete: FileList, list: FileList): Changes | null {
  const changed = changedFiles(complete, list);
  if (changed.length > Object.keys(list).length * largestPart) return null;
  return Object.fromEntries(changed.map((path) => [path, list[path] ?? null]));
}

/** Paths that only one of both has, or that have another content; in order of their names. */
export function changedFiles(before: FileList, after: FileList): readonly string[] {
  const changed = Object.keys(after).filter((path) => before[path] !== after[path]);
  const gone = Object.keys(before).filter((path) => after[path] === undefined);
  return [...changed, ...gone].sort();
}

/** Reads the list of a row of `generations`; null where it was let go of. */
export function readList(db: DatabaseSync, id: number): StoredList | null {
  const find = db.prepare('SELECT hashes, base FROM inputs WHERE generation = ?');
  const own = find.get(id);
  if (own === undefined) return null;
  if (own.base === null) {
    const list = inputsOf.parse(own.hashes);
    return { list, complete: { id, list } };
  }
  const complete = { id: Number(own.base), list: inputsOf.parse(find.get(Number(own.base))?.hashes) };
  return { list: applied(complete.list, changesOf.parse(own.hashes)), complete };
}

function applied(complete: FileList, changes: Changes): FileList {
  const all = Object.entries({ ...complete, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}
