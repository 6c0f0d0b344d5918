import { type AbbreviationTable, readAbbreviations } from './abbreviations.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { FormSizes } from './forms.js';
import type { DebugSections } from './sections.js';

/** A table of abbreviations with the bytes that it was read from. */
export interface WrittenTable {
  readonly entries: AbbreviationTable;
  /** A copy of its own, so that a table that is still good holds no file that is not. */
  readonly bytes: Uint8Array;
  /** What else its meaning hangs on: the sizes of the unit. */
  readonly sizes: string;
}

/**
 * Hands out the tables of a file, each read once: units share them. One that is written as in an earlier file is that
 * file's table. Linkers leave tables in the order of the units, so that the next one is most likely the one after the
 * last that was found.
 */
export function createTables(
  sections: DebugSections,
  known: readonly WrittenTable[],
): (place: number, sizes: FormSizes) => WrittenTable {
  const tables = new Map<string, WrittenTable>();
  let next = 0;
  const knownAt = (place: number, sizes: string, bytes: Uint8Array): WrittenTable | undefined => {
    for (let tried = 0; tried < Math.min(known.length, nearby); tried++) {
      const number = (next + tried) % known.length;
      const table = known[number];
      if (table === undefined || table.sizes !== sizes || !beginsWith(bytes, place, table.bytes)) continue;
      next = number + 1;
      return table;
    }
    return undefined;
  };
  return (place, sizes) => {
    const key = `${sizes.address} ${sizes.offset} ${Math.min(sizes.version, 3)}`;
    const found = tables.get(`${place} ${key}`);
    if (found !== undefined) return found;
    const bytes = sections.section('debug_abbrev');
    if (place >= bytes.length) throw new DebugInfoError('damaged', 'a unit names abbreviations that are not there');
    const table = knownAt(place, key, bytes) ?? readTable(sections, place, sizes, key);
    tables.set(`${place} ${key}`, table);
    return table;
  };
}

/** So many are compared before one is read: as many as there may be units that are new or gone at one place. */
const nearby = 8;

/** A table ends with the first code that is zero, so that equal bytes up to there are the same table. */
function beginsWith(bytes: Uint8Array, place: number, text: Uint8Array): boolean {
  return bytes.length - place >= text.length && Buffer.compare(bytes.subarray(place, place + text.length), text) === 0;
}

function readTable(sections: DebugSections, place: number, sizes: FormSizes, key: string): WrittenTable {
  const bytes = sections.section('debug_abbrev');
  const cursor = new Cursor(bytes, sections.littleEndian, place);
  const entries = readAbbreviations(cursor, sizes);
  return { entries, bytes: bytes.slice(place, cursor.at), sizes: key };
}
