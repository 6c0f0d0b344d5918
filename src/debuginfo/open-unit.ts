import { createTypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Cursors, Texts } from './cursors.js';
import { Entry, readBases } from './entry.js';
import { DebugInfoError } from './errors.js';
import { indexEntries } from './index-entries.js';
import { lazy } from './lazy.js';
import { join, readLineHeader } from './line-header.js';
import { readLineProgram } from './line-program.js';
import type { OpenUnit, Program, UnitBody } from './program-types.js';
import { codeRanges } from './ranges.js';
import type { DebugSections } from './sections.js';
import { createBody, newFacts } from './unit-body.js';
import type { UnitReader } from './unit-reader.js';
import type { Unit } from './units.js';

/** What a type unit does not say itself: the compilation unit that its line table belongs to. */
export type Owner = Pick<OpenUnit, 'name' | 'directory'>;

/** What units of one file are opened with. */
export interface Opening {
  readonly program: Program;
  readonly sections: DebugSections;
  readonly cursors: Cursors;
  readonly texts: Texts;
  /** The compilation unit with a line table. */
  ownerOf(lineTable: number | null): Owner | undefined;
  /** The body of the same unit in an earlier reading; null where there is none. */
  likeOf(opened: Opened): UnitBody | null;
}

/** What is known of a unit before its entries are walked over. */
export interface Opened extends Owner {
  readonly root: Entry;
  readonly lineTable: number | null;
}

/**
 * Opens a unit: reads its first entry (DWARF 5, section 3.1), and walks over it once where no earlier reading did.
 *
 * @throws DebugInfoError `unsupported` for split DWARF, with the name of the file it is split into.
 */
export function openUnit(
  { program, sections, cursors, texts, ownerOf, likeOf }: Opening,
  unit: Unit,
): { readonly unit: OpenUnit; readonly like: UnitBody | null } {
  const reader: UnitReader = { unit, sections, cursors, texts, stringBase: 0, stringEnd: 0, addressBase: 0 };
  const root = new Entry(reader, unit.firstEntry - unit.start);
  Object.assign(reader, readBases(root));
  refuseSplit(root);
  const lineTable = root.sectionOffset(at.stmtList);
  const owner = unit.signature === null ? undefined : ownerOf(lineTable);
  const directory = root.string(at.compDir) ?? owner?.directory ?? '';
  const ownName = root.string(at.name);
  const name = ownName === null ? (owner?.name ?? '') : join(directory, ownName);
  const like = likeOf({ root, name, directory, lineTable });
  const facts = like?.facts ?? newFacts(indexEntries(sections, unit));
  const language = languageOf(root.number(at.language));
  const body = createBody(
    { ...reader, lineTable, program },
    { name, directory, language, facts, readerOf: createTypeReader },
  );
  const open: OpenUnit = Object.assign(reader, {
    root,
    index: facts.index,
    body,
    name,
    directory,
    language,
    lineTable,
    files: () => open.body.files(),
    lines: lazy(() => {
      const of = lineTable === null ? null : readLineHeader(sections, lineTable, directory);
      return of === null ? null : readLineProgram(sections, of, unit.address);
    }),
    code: lazy(() => codeRanges(open, root)),
  });
  return { unit: open, like };
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
