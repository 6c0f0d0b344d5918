import { at, tag } from './constants.js';
import type { Cursors, Texts } from './cursors.js';
import { Entry, readBases } from './entry.js';
import { DebugInfoError } from './errors.js';
import { type EntryIndex, indexEntries } from './index-entries.js';
import { lazy } from './lazy.js';
import { join, type LineHeader, readLineHeader } from './line-header.js';
import { type LineTable, readLineProgram } from './line-program.js';
import { type CodeRange, codeRanges, type RootedUnit } from './ranges.js';
import type { DebugSections } from './sections.js';
import type { UnitReader } from './unit-reader.js';
import type { Unit } from './units.js';

/** A unit with what all of its entries need. */
export interface OpenUnit extends RootedUnit {
  readonly index: EntryIndex;
  readonly name: string;
  readonly directory: string;
  readonly language: 'c' | 'c++' | 'other';
  /** Names of sources by number; read when first asked for. */
  files(): readonly string[];
  /** Where each piece of its code comes from, decoded when first asked for; null where it has no such table. */
  lines(): LineTable | null;
  /** Where its code lies; empty where it does not say. */
  code(): readonly CodeRange[];
}

/** An entry and the unit it stands in. */
export interface Located {
  readonly unit: OpenUnit;
  readonly entry: Entry;
}

/** What a type unit does not say itself: the compilation unit that its line table belongs to. */
export type Owner = Pick<OpenUnit, 'name' | 'directory'>;

/**
 * Opens a unit: walks over it once and reads its first entry (DWARF 5, section 3.1). `ownerOf` finds the compilation unit
 * with the same line table.
 *
 * @throws DebugInfoError `unsupported` for split DWARF, with the name of the file it is split into.
 */
export function openUnit(
  sections: DebugSections,
  readers: { readonly cursors: Cursors; readonly texts: Texts },
  unit: Unit,
  ownerOf: (lineTable: number | null) => Owner | undefined,
): OpenUnit {
  const reader: UnitReader = { unit, sections, ...readers, stringBase: 0, addressBase: 0 };
  const root = new Entry(reader, unit.firstEntry);
  const { strings, addresses } = readBases(root);
  reader.stringBase = strings;
  reader.addressBase = addresses;
  refuseSplit(root);
  const index = indexEntries(sections, unit);
  const lineTable = root.sectionOffset(at.stmtList);
  const owner = unit.signature === null ? undefined : ownerOf(lineTable);
  const directory = root.string(at.compDir) ?? owner?.directory ?? '';
  const name = root.string(at.name);
  const header = lazy((): LineHeader | null =>
    lineTable === null ? null : readLineHeader(sections, lineTable, directory),
  );
  const open: OpenUnit = Object.assign(reader, {
    root,
    index,
    name: name === null ? (owner?.name ?? '') : join(directory, name),
    directory,
    language: languageOf(root.number(at.language)),
    files: () => header()?.files ?? [],
    lines: lazy(() => {
      const of = header();
      return of === null ? null : readLineProgram(sections, of, unit.address);
    }),
    code: lazy(() => codeRanges(open, root)),
  });
  return open;
}

/** Split DWARF (section 7.3.2): what is left here is a skeleton that names another file. */
function refuseSplit(root: Entry): void {
  const name = root.string(at.dwoName) ?? root.string(at.gnuDwoName);
  if (name === null && root.tag !== tag.skeletonUnit) return;
  const file = name === null ? '' : `, ${name}`;
  throw new DebugInfoError('unsupported', `its types stand in another file${file} (built with -gsplit-dwarf)`);
}

/** `DW_LANG_*`, section 7.12, and what the DWARF committee added to the list since: C17, C23, C++17, C++20, C++23. */
const c: ReadonlySet<number> = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x3e]);
const cPlusPlus: ReadonlySet<number> = new Set([0x04, 0x1a, 0x21, 0x2a, 0x2b, 0x3a]);

function languageOf(code: number | null): OpenUnit['language'] {
  if (code === null) return 'other';
  if (c.has(code)) return 'c';
  return cPlusPlus.has(code) ? 'c++' : 'other';
}
