import { type AbbreviationTable, readAbbreviations } from './abbreviations.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { FormSizes } from './forms.js';
import type { DebugSections } from './sections.js';

/** A table of abbreviations with the bytes that it was read from. Of tables with the same bytes there is one. */
export interface WrittenTable {
  readonly entries: AbbreviationTable;
  /** A copy of its own, so that a table that is still good holds no file that is not. */
  readonly bytes: Uint8Array;
  /** What else its meaning hangs on: the sizes of the unit. */
  readonly sizes: string;
}

/**
 * Hands out the tables of a file, each read once: units share them, and sources of one kind are often written by equal
 * ones. Those of an earlier file are taken over. Linkers leave tables in the order of the units, so that the next one is
 * most likely the last one that was found, or the one after it.
 */
export function createTables(
  sections: DebugSections,
  known: readonly WrittenTable[],
): (place: number, sizes: FormSizes) => WrittenTable {
  const byPlace = new Map<string, WrittenTable>();
  const byText = new Map(known.map((table) => [textOf(table), table]));
  let last = 0;
  const knownAt = (place: number, sizes: string, bytes: Uint8Array): WrittenTable | undefined => {
    for (let tried = 0; tried < Math.min(known.length, nearby); tried++) {
      const number = (last + tried) % known.length;
      const table = known[number];
      if (table === undefined || table.sizes !== sizes || !beginsWith(bytes, place, table.bytes)) continue;
      last = number;
      return table;
    }
    return undefined;
  };
  const intern = (table: WrittenTable): WrittenTable => {
    const text = textOf(table);
    const same = byText.get(text) ?? table;
    byText.set(text, same);
    return same;
  };
  return (place, sizes) => {
    const key = `${sizes.address} ${sizes.offset} ${Math.min(sizes.version, 3)}`;
    const found = byPlace.get(`${place} ${key}`);
    if (found !== undefined) return found;
    const bytes = sections.section('debug_abbrev');
    if (place >= bytes.length) throw new DebugInfoError('damaged', 'a unit names abbreviations that are not there');
    const table = knownAt(place, key, bytes) ?? intern(readTable(sections, place, sizes, key));
    byPlace.set(`${place} ${key}`, table);
    return table;
  };
}

function textOf({ bytes, sizes }: WrittenTable): string {
  return `${sizes} ${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`;
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
