import { skipAttributes } from './abbreviations.js';
import { at } from './constants.js';
import { Cursor } from './cursor.js';
import { createCursors, createTexts } from './cursors.js';
import { Entry, type Reference } from './entry.js';
import { DebugInfoError } from './errors.js';
import { type Located, type OpenUnit, type Owner, openUnit } from './open-unit.js';
import { createScopes, type Scope } from './scopes.js';
import type { DebugSections } from './sections.js';
import type { Place } from './types.js';
import { readUnits, type Unit } from './units.js';

/** All units of a file, or of the object files that one was linked from, and how entries are found in them. */
export interface Program {
  readonly units: readonly OpenUnit[];
  entry(unit: OpenUnit, offset: number): Entry;
  /** The entry that a reference leads to, and its unit. */
  follow(reference: Reference): Located;
  /** Direct children with one of these tags, in order. */
  children(unit: OpenUnit, entry: Entry, ...tags: readonly number[]): readonly Entry[];
  scopeOf(unit: OpenUnit, offset: number): Scope;
  placeOf(unit: OpenUnit, entry: Entry): Place;
}

export function openProgram(files: readonly DebugSections[]): Program {
  const byFile = files.map((sections) => ({ sections, units: openUnits(sections) }));
  const units = byFile.flatMap((one) => one.units);
  const signatures = new Map(units.flatMap((one) => (one.unit.signature === null ? [] : [[one.unit.signature, one]])));
  const starts = new Map(
    byFile.map(({ sections, units: own }) => [
      sections,
      { debug_info: bySection(own, 'debug_info'), debug_types: bySection(own, 'debug_types') },
    ]),
  );

  const entry = (unit: OpenUnit, offset: number): Entry => new Entry(unit, offset);

  const follow: Program['follow'] = (reference) => {
    if ('signature' in reference) {
      const unit = signatures.get(reference.signature);
      if (unit === undefined) throw new DebugInfoError('damaged', 'a type unit that is referred to is not there');
      return { unit, entry: entry(unit, unit.unit.typeEntry) };
    }
    const unit = unitAt(starts.get(reference.sections)?.[reference.section] ?? [], reference.offset);
    return { unit, entry: entry(unit, reference.offset) };
  };

  const placeOf: Program['placeOf'] = (unit, of) => {
    const line = of.number(at.declLine) ?? 0;
    const file = of.number(at.declFile);
    return { file: file === null ? '' : (unit.files()[file] ?? ''), line };
  };

  return { units, entry, follow, children, scopeOf: createScopes({ entry, follow }), placeOf };
}

/** Compilation units first: type units leave to them what they share. */
function openUnits(sections: DebugSections): readonly OpenUnit[] {
  const cursors = createCursors(sections);
  const readers = { cursors, texts: createTexts(cursors) };
  const owners = new Map<number | null, Owner>();
  const read = readUnits(sections);
  const opened = new Map<Unit, OpenUnit>();
  for (const unit of [...read].sort((a, b) => Number(a.signature !== null) - Number(b.signature !== null))) {
    const one = openUnit(sections, readers, unit, (lineTable) => owners.get(lineTable));
    if (unit.signature === null) owners.set(one.root.sectionOffset(at.stmtList), one);
    opened.set(unit, one);
  }
  return read.flatMap((unit) => opened.get(unit) ?? []);
}

/** Siblings follow one another, each behind its own children (section 2.3). */
function children(unit: OpenUnit, parent: Entry, ...tags: readonly number[]): readonly Entry[] {
  if (!parent.abbreviation.hasChildren) return [];
  const { abbreviations, end } = unit.unit;
  const found: Entry[] = [];
  const cursor = new Cursor(unit.sections.section(unit.unit.section), unit.sections.littleEndian, parent.next);
  let depth = 0;
  while (cursor.at < end) {
    const offset = cursor.at;
    const code = cursor.uleb();
    if (code === 0) {
      if (depth === 0) return found;
      depth--;
      continue;
    }
    const abbreviation = abbreviations[code];
    if (abbreviation === undefined) throw new DebugInfoError('damaged', `an entry has the unknown code ${code}`);
    if (depth === 0 && tags.includes(abbreviation.tag)) found.push(new Entry(unit, offset));
    if (abbreviation.hasChildren) depth++;
    skipAttributes(cursor, abbreviation, unit.unit);
  }
  throw new DebugInfoError('damaged', 'the children of an entry have no end');
}

function bySection(units: readonly OpenUnit[], section: Unit['section']): readonly OpenUnit[] {
  return units.filter((one) => one.unit.section === section);
}

/** The unit that an offset of its section lies in. Units are in the order of the section. */
function unitAt(units: readonly OpenUnit[], offset: number): OpenUnit {
  let low = 0;
  let high = units.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((units[middle]?.unit.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const found = units[low - 1];
  if (found === undefined || offset >= found.unit.end || offset < found.unit.firstEntry) {
    throw new DebugInfoError('damaged', 'a reference leads to no unit');
  }
  return found;
}
