import { createTables, type WrittenTable } from './abbreviation-tables.js';
import type { AbbreviationTable } from './abbreviations.js';
import { unitType } from './constants.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { FormSizes } from './forms.js';
import type { DebugSections } from './sections.js';

/** One unit of debug information: what a compiler run, or one type, left (DWARF 5, section 7.5.1). */
export interface Unit extends FormSizes {
  readonly section: 'debug_info' | 'debug_types';
  /** Of the header, and of the byte after the last entry, in the section. */
  readonly start: number;
  readonly end: number;
  /** Of the first entry. */
  readonly firstEntry: number;
  readonly abbreviations: AbbreviationTable;
  readonly table: WrittenTable;
  /** Of a type unit; null for others. */
  readonly signature: bigint | null;
  /** Of the type's entry in a type unit, from the start of the unit. */
  readonly typeEntry: number;
}

const lowestVersion = 2;
const highestVersion = 5;

type Tables = (place: number, sizes: FormSizes) => WrittenTable;

/** @param known tables of an earlier reading of a like file. */
export function readUnits(sections: DebugSections, known: readonly WrittenTable[] = []): readonly Unit[] {
  const tables = createTables(sections, known);
  return [...unitsOf(sections, 'debug_info', tables), ...unitsOf(sections, 'debug_types', tables)];
}

function unitsOf(sections: DebugSections, section: Unit['section'], tables: Tables): readonly Unit[] {
  const bytes = sections.section(section);
  const cursor = new Cursor(bytes, sections.littleEndian);
  const units: Unit[] = [];
  while (cursor.at < bytes.length) {
    const unit = readUnit(section, cursor, tables);
    units.push(unit);
    cursor.at = unit.end;
  }
  return units;
}

function readUnit(section: Unit['section'], cursor: Cursor, tables: Tables): Unit {
  const start = cursor.at;
  const { length, offset } = readInitialLength(cursor);
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new DebugInfoError('damaged', 'a unit is longer than its section');
  const version = cursor.u16();
  if (version < lowestVersion || version > highestVersion) {
    throw new DebugInfoError('unsupported', `it is of DWARF version ${version}, and versions 2 to 5 are read`);
  }
  const kind = version >= 5 ? cursor.u8() : section === 'debug_types' ? unitType.type : unitType.compile;
  let address: number;
  let place: number;
  if (version >= 5) {
    address = cursor.u8();
    place = cursor.unsigned(offset);
  } else {
    place = cursor.unsigned(offset);
    address = cursor.u8();
  }
  if (address !== 4 && address !== 8) throw new DebugInfoError('damaged', `its addresses have ${address} bytes`);
  if (kind === unitType.skeleton || kind === unitType.splitCompile) cursor.take(8);
  const isType = kind === unitType.type || kind === unitType.splitType;
  const signature = isType ? cursor.big64() : null;
  const typeEntry = isType ? cursor.unsigned(offset) : 0;
  if (cursor.at > end) throw new DebugInfoError('damaged', 'a unit is shorter than its header');

  const sizes = { address, offset, version };
  const table = tables(place, sizes);
  const abbreviations = table.entries;
  return { ...sizes, section, start, end, firstEntry: cursor.at, abbreviations, table, signature, typeEntry };
}

/** Section 7.4: 0xffffffff announces the 64-bit form. */
export function readInitialLength(cursor: Cursor): { readonly length: number; readonly offset: 4 | 8 } {
  const first = cursor.u32();
  if (first === 0xffffffff) return { length: cursor.u64(), offset: 8 };
  if (first >= 0xfffffff0) throw new DebugInfoError('damaged', 'a unit has a reserved length');
  return { length: first, offset: 4 };
}
