import { at, tag } from './constants.js';
import { Cursor } from './cursor.js';
import { Entry, type Reference, readBases, type UnitReader } from './entry.js';
import { DebugInfoError } from './errors.js';
import { type EntryIndex, indexEntries, positionOf } from './index-entries.js';
import { join, readFileNames } from './lines.js';
import type { DebugSections } from './sections.js';
import type { Place } from './types.js';
import { readUnits, type Unit } from './units.js';

/** A unit with what all of its entries need. */
export interface OpenUnit extends UnitReader {
  readonly root: Entry;
  readonly index: EntryIndex;
  readonly name: string;
  readonly directory: string;
  readonly language: 'c' | 'c++' | 'other';
  /** Names of sources by number; read when first asked for. */
  files(): readonly string[];
}

/** All units of a file, and how entries are found in them. */
export interface Program {
  readonly sections: DebugSections;
  readonly units: readonly OpenUnit[];
  entry(unit: OpenUnit, offset: number): Entry;
  /** The entry that a reference leads to, and its unit. */
  follow(reference: Reference): { readonly unit: OpenUnit; readonly entry: Entry };
  /** Direct children, in order. */
  children(unit: OpenUnit, entry: Entry): readonly Entry[];
  /** Names of the namespaces, types and functions around an entry, from the outside. */
  scopeOf(unit: OpenUnit, offset: number): Scope;
  placeOf(unit: OpenUnit, entry: Entry): Place;
}

export interface Scope {
  readonly names: readonly string[];
  /** The innermost function around it. */
  readonly function: { readonly unit: OpenUnit; readonly entry: Entry } | null;
}

export function openProgram(sections: DebugSections): Program {
  const units = readUnits(sections).map((unit) => openUnit(sections, unit));
  const signatures = new Map(units.flatMap((one) => (one.unit.signature === null ? [] : [[one.unit.signature, one]])));
  const starts = { debug_info: bySection(units, 'debug_info'), debug_types: bySection(units, 'debug_types') };

  const entry = (unit: OpenUnit, offset: number): Entry =>
    new Entry(unit, offset, new Cursor(sections.section(unit.unit.section), sections.littleEndian));

  const unitAt = (section: Unit['section'], offset: number): OpenUnit => {
    const found = lastAtOrBefore(starts[section], offset);
    if (found === undefined || offset >= found.unit.end || offset < found.unit.firstEntry) {
      throw new DebugInfoError('damaged', 'a reference leads to no unit');
    }
    return found;
  };

  const follow: Program['follow'] = (reference) => {
    if ('signature' in reference) {
      const unit = signatures.get(reference.signature);
      if (unit === undefined) throw new DebugInfoError('damaged', 'a type unit that is referred to is not there');
      return { unit, entry: entry(unit, unit.unit.typeEntry) };
    }
    const unit = unitAt(reference.section, reference.offset);
    return { unit, entry: entry(unit, reference.offset) };
  };

  const children: Program['children'] = (unit, parent) => {
    if (!parent.abbreviation.hasChildren) return [];
    const found: Entry[] = [];
    let depth = 0;
    const cursor = new Cursor(sections.section(unit.unit.section), sections.littleEndian, parent.next);
    while (cursor.at < unit.unit.end) {
      const offset = cursor.at;
      const code = cursor.uleb();
      if (code === 0) {
        if (depth === 0) return found;
        depth--;
        continue;
      }
      const child = new Entry(unit, offset, cursor);
      if (depth === 0) found.push(child);
      if (child.abbreviation.hasChildren) depth++;
      cursor.at = child.next;
    }
    throw new DebugInfoError('damaged', 'the children of an entry have no end');
  };

  const scopeOf = (unit: OpenUnit, offset: number, depth = 0): Scope => {
    if (depth > deepestScope) throw new DebugInfoError('damaged', 'a scope lies in itself');
    const names: string[] = [];
    let inside: Scope['function'] = null;
    let position = unit.index.parents[positionOf(unit.index, offset)] ?? -1;
    for (; position >= 0; position = unit.index.parents[position] ?? -1) {
      const kind = unit.index.tags[position] ?? 0;
      const around = entry(unit, unit.index.offsets[position] ?? 0);
      if (kind === tag.subprogram && inside === null) inside = { unit, entry: around };
      if (scopes.has(kind)) names.unshift(around.string(at.name) ?? '');
      // A function's own place is where it was declared.
      const declared = kind === tag.subprogram ? declarationOf(around) : null;
      if (declared === null) continue;
      const origin = follow(declared);
      return { names: [...scopeOf(origin.unit, origin.entry.offset, depth + 1).names, ...names], function: inside };
    }
    return { names, function: inside };
  };

  const placeOf: Program['placeOf'] = (unit, of) => {
    const line = of.number(at.declLine) ?? 0;
    const file = of.number(at.declFile);
    if (file === null) return { file: '', line };
    return { file: unit.files()[file] ?? '', line };
  };

  return { sections, units, entry, follow, children, scopeOf, placeOf };
}

const deepestScope = 64;

const scopes: ReadonlySet<number> = new Set([
  tag.namespace,
  tag.structureType,
  tag.classType,
  tag.unionType,
  tag.enumerationType,
]);

/** DWARF 5, section 2.13.2 and 3.3.8: a definition refers to its declaration, an inlined copy to its origin. */
export function declarationOf(entry: Entry): Reference | null {
  return entry.reference(at.specification) ?? entry.reference(at.abstractOrigin);
}

function bySection(units: readonly OpenUnit[], section: Unit['section']): readonly OpenUnit[] {
  return units.filter((one) => one.unit.section === section).sort((a, b) => a.unit.start - b.unit.start);
}

function openUnit(sections: DebugSections, unit: Unit): OpenUnit {
  const index = indexEntries(sections, unit);
  const reader: UnitReader = { unit, sections, stringBase: 0, addressBase: 0 };
  const cursor = new Cursor(sections.section(unit.section), sections.littleEndian);
  const root = new Entry(reader, unit.firstEntry, cursor);
  const { strings, addresses } = readBases(root);
  reader.stringBase = strings;
  reader.addressBase = addresses;
  refuseSplit(root);
  const directory = root.string(at.compDir) ?? '';
  let files: readonly string[] | null = null;
  return Object.assign(reader, {
    root,
    index,
    name: join(directory, root.string(at.name) ?? ''),
    directory,
    language: languageOf(root.number(at.language)),
    files: () => {
      const offset = root.sectionOffset(at.stmtList);
      files ??= offset === null ? [] : readFileNames(sections, offset, directory);
      return files;
    },
  });
}

/** Split DWARF (section 7.3.2): what is left here is a skeleton that names another file. */
function refuseSplit(root: Entry): void {
  const name = root.string(at.dwoName) ?? root.string(at.gnuDwoName);
  if (name === null && root.tag !== tag.skeletonUnit) return;
  throw new DebugInfoError('unsupported', `its types stand in another file, ${name} (built with -gsplit-dwarf)`);
}

/** `DW_LANG_*`, section 7.12. */
function languageOf(code: number | null): OpenUnit['language'] {
  if (code === null) return 'other';
  if ([0x01, 0x02, 0x0c, 0x1d, 0x2c].includes(code)) return 'c';
  return [0x04, 0x1a, 0x21, 0x2b, 0x3a].includes(code) ? 'c++' : 'other';
}

function lastAtOrBefore(units: readonly OpenUnit[], offset: number): OpenUnit | undefined {
  let low = 0;
  let high = units.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((units[middle]?.unit.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return units[low - 1];
}
