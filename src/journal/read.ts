import { changedFiles, readList } from './lists.js';
import { entryRow, keptRow } from './rows.js';
import type { DatabaseSync } from './sqlite.js';
import type { Difference, Entry, KeptGeneration, TextPair } from './types.js';

/** Outcomes after which a generation ran, and was not taken back. */
export const good = `('loaded', 'reloaded')`;

export function readEntries(
  db: DatabaseSync,
  { module, limit }: { readonly module: string | null; readonly limit: number },
): readonly Entry[] {
  const rows = db
    .prepare(
      `SELECT g.*, t.name, t.phase, c.decided AS conflicts FROM generations AS g
       LEFT JOIN transactions AS t ON t.id = g.owner LEFT JOIN conflicts AS c ON c.generation = g.id
       WHERE ?1 IS NULL OR g.module = ?1 ORDER BY g.id DESC LIMIT ?2`,
    )
    .all(module, limit);
  return rows.map((row) => {
    const { time, previous, name, phase, version, ...rest } = entryRow.parse(row);
    return {
      ...rest,
      time: new Date(time).toISOString(),
      from: previous,
      transaction: name ?? '',
      phase: phase ?? 'outcome',
      moduleVersion: version,
    };
  });
}

/** The generations of a module that stay, as `keptRows` finds them, with all that is known of them. */
export function readKept(db: DatabaseSync, module: string, most: number): readonly KeptGeneration[] {
  const find = db.prepare('SELECT * FROM generations WHERE id = ?');
  return keptRows(db, module, most).flatMap(({ newest, numbers }) => {
    const parsed = keptRow.safeParse(find.get(newest.id));
    if (!parsed.success) return [];
    const { hash, entry, version: moduleVersion, level } = parsed.data;
    const inputs = readList(db, newest.id)?.list ?? {};
    return [
      { module, generation: originOf(newest), numbers, hash, entry, moduleVersion, level: level ?? 'SAFE', inputs },
    ];
  });
}

/** The hashes alone of the libraries of these modules that stay, as `keptRows` finds them. */
export function readKeptHashes(
  db: DatabaseSync,
  modules: Iterable<string>,
  most: number,
): readonly { readonly module: string; readonly hash: string }[] {
  const find = keptRowsIn(db, most);
  return [...modules].flatMap((module) => find(module).map(({ newest }) => ({ module, hash: newest.hash })));
}

interface KeptRow {
  readonly id: number;
  readonly generation: number;
  readonly restores: number;
  readonly hash: string;
}

/**
 * The `most` newest different libraries of a module that ran, and the pinned one. A library that ran more than once counts
 * once.
 */
export function keptRows(db: DatabaseSync, module: string, most: number): readonly Kept[] {
  return keptRowsIn(db, most)(module);
}

interface Kept {
  readonly newest: KeptRow;
  readonly numbers: readonly number[];
}

/** The same for several modules: what is the same for all of them is read once. */
function keptRowsIn(db: DatabaseSync, most: number): (module: string) => readonly Kept[] {
  const pins = readPins(db);
  const find = db.prepare(
    `SELECT id, generation, restores, hash FROM generations
     WHERE module = ? AND retained = 1 AND outcome IN ${good} ORDER BY id DESC`,
  );
  return (module) => {
    const pinned = pins.get(module);
    const rows = find.all(module).map(
      ({ id, generation, restores, hash }): KeptRow => ({
        id: Number(id),
        generation: Number(generation),
        restores: Number(restores),
        hash: String(hash),
      }),
    );
    const libraries = [...Map.groupBy(rows, (row) => row.hash).values()];
    return libraries.flatMap((same, index) => {
      const [newest] = same;
      if (newest === undefined) return [];
      const numbers = [...new Set([...same.map((row) => row.generation), originOf(newest)])];
      return index < most || (pinned !== undefined && numbers.includes(pinned)) ? [{ newest, numbers }] : [];
    });
  };
}

/** A generation that was gone back to stands for the build that it restored. */
function originOf({ generation, restores }: { readonly generation: number; readonly restores: number }): number {
  return restores === 0 ? generation : restores;
}

export function readPins(db: DatabaseSync): ReadonlyMap<string, number> {
  const rows = db.prepare('SELECT module, generation FROM pins').all();
  return new Map(rows.map(({ module, generation }) => [String(module), Number(generation)]));
}

export function readHighest(db: DatabaseSync, module: string): number {
  return Number(db.prepare('SELECT max(generation) AS highest FROM generations WHERE module = ?').get(module)?.highest);
}

export function readDifference(db: DatabaseSync, module: string, generation: number): Difference | null {
  const find = db.prepare(
    `SELECT g.id, g.base FROM generations AS g JOIN inputs AS i ON i.generation = g.id
     WHERE g.module = ? AND g.generation = ? AND g.owner IS NOT NULL`,
  );
  const own = find.get(module, generation);
  if (own === undefined) return null;
  const base = Number(own.base);
  const other = base === 0 ? undefined : find.get(module, base);
  if (other === undefined) return null;
  const before = readList(db, Number(other.id))?.list ?? {};
  const after = readList(db, Number(own.id))?.list ?? {};
  const text = db.prepare('SELECT text FROM texts WHERE hash = ?');
  const textOf = (hash: string | undefined): string | null => {
    const found = hash === undefined ? undefined : text.get(hash);
    return found === undefined ? null : String(found.text);
  };
  const files = changedFiles(before, after).map((path): TextPair => {
    const [was, is] = [textOf(before[path]), textOf(after[path])];
    const missing = (before[path] !== undefined && was === null) || (after[path] !== undefined && is === null);
    return { path, before: was, after: is, missing };
  });
  return { generation, base, files };
}
