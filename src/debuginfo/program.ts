import type { WrittenTable } from './abbreviation-tables.js';
import { skipAttributes } from './abbreviations.js';
import { at } from './constants.js';
import { Cursor } from './cursor.js';
import { createCursors, createTexts } from './cursors.js';
import { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { createLikeUnits, type FindLike } from './like-units.js';
import { type Opening, type Owner, openUnit } from './open-unit.js';
import type { DescribedUnit, OpenUnit, Program, UnitBody } from './program-types.js';
import { createScopes } from './scopes.js';
import type { DebugSections } from './sections.js';
import { shareBodies } from './share-bodies.js';
import type { UnitReader } from './unit-reader.js';
import { readUnits, type Unit } from './units.js';

/** A program, and how many of its units have what an earlier reading made of them. */
export interface OpenedProgram {
  readonly program: Program;
  readonly reused: number;
}

/**
 * @param known programs of earlier readings: what their units say is not read again where a unit here is the same.
 */
export function openProgram(files: readonly DebugSections[], known: readonly Program[]): OpenedProgram {
  const units: OpenUnit[] = [];
  const starts = new Map<DebugSections, readonly OpenUnit[]>();
  const signatures = new Map<bigint, OpenUnit>();

  const entry: Program['entry'] = (unit, offset) => new Entry(unit, offset);

  const follow: Program['follow'] = (reference) => {
    if ('signature' in reference) {
      const unit = signatures.get(reference.signature);
      if (unit === undefined) throw new DebugInfoError('damaged', 'a type unit that is referred to is not there');
      return { unit, entry: entry(unit, unit.unit.typeEntry) };
    }
    if ('unit' in reference) {
      const { unit, offset } = reference;
      const { start, end, firstEntry } = unit.unit;
      // Section 7.5.5: such a reference leads to an entry of its own unit.
      const inside = isDescribed(unit) && offset >= firstEntry - start && offset < end - start;
      if (!inside) throw new DebugInfoError('damaged', 'a reference leads out of its unit');
      return { unit, entry: entry(unit, offset) };
    }
    const unit = unitAt(starts.get(reference.sections) ?? [], reference.offset);
    return { unit, entry: entry(unit, reference.offset - unit.unit.start) };
  };

  const placeOf: Program['placeOf'] = (unit, of) => {
    const line = of.number(at.declLine) ?? 0;
    const file = of.number(at.declFile);
    return { file: file === null ? '' : (unit.files()[file] ?? ''), line };
  };

  const program = { units, entry, follow, children, scopeOf: createScopes({ entry, follow }), placeOf };
  const likes = new Map<OpenUnit, UnitBody>();
  const findLike = createLikeUnits(known);
  const tables = [...new Set(known.flatMap((one) => one.units.map(({ unit }) => unit.table)))];
  for (const sections of files) {
    const own = openUnits(program, sections, tables, findLike, likes);
    starts.set(
      sections,
      own.filter((one) => one.unit.section === 'debug_info'),
    );
    units.push(...own);
  }
  for (const one of units) if (one.unit.signature !== null) signatures.set(one.unit.signature, one);
  return { program, reused: shareBodies(program, likes) };
}

/** Only entries of units that were opened have references that anybody follows. */
function isDescribed(unit: UnitReader): unit is DescribedUnit {
  return 'body' in unit;
}

/** Compilation units first: type units leave to them what they share. */
function openUnits(
  program: Program,
  sections: DebugSections,
  tables: readonly WrittenTable[],
  findLike: FindLike,
  likes: Map<OpenUnit, UnitBody>,
): readonly OpenUnit[] {
  const cursors = createCursors(sections);
  const owners = new Map<number | null, Owner>();
  const opening: Opening = {
    program,
    sections,
    cursors,
    texts: createTexts(cursors),
    ownerOf: (lineTable) => owners.get(lineTable),
    likeOf: findLike,
  };
  const read = readUnits(sections, tables);
  const opened = new Map<Unit, OpenUnit>();
  for (const unit of [...read].sort((a, b) => Number(a.signature !== null) - Number(b.signature !== null))) {
    const { unit: one, like } = openUnit(opening, unit);
    if (unit.signature === null) owners.set(one.lineTable, one);
    if (like !== null) likes.set(one, like);
    opened.set(unit, one);
  }
  return read.flatMap((unit) => opened.get(unit) ?? []);
}

/** Siblings follow one another, each behind its own children (section 2.3). */
function children(unit: DescribedUnit, parent: Entry, ...tags: readonly number[]): readonly Entry[] {
  if (!parent.abbreviation.hasChildren) return [];
  const { abbreviations, start, end } = unit.unit;
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
    if (depth === 0 && tags.includes(abbreviation.tag)) found.push(new Entry(unit, offset - start));
    if (abbreviation.hasChildren) depth++;
    skipAttributes(cursor, abbreviation, unit.unit);
  }
  throw new DebugInfoError('damaged', 'the children of an entry have no end');
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
