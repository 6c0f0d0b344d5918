import { skipAttributes } from './abbreviations.js';
import { at, tag } from './constants.js';
import { Cursor } from './cursor.js';
import { textOf, withDeclarations } from './declarations.js';
import { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { isDiscarded } from './locations.js';
import type { Located, OpenUnit, Program } from './program-types.js';
import { codeRanges } from './ranges.js';
import type { CodeFrame, Place } from './types.js';

/** The line table's word on an address, from the unit whose code it is. */
export function lineAt(program: Program, address: number): Place | null {
  for (const unit of unitsAround(program, address)) {
    const place = unit.lines()?.placeAt(address) ?? null;
    if (place !== null) return place;
  }
  return null;
}

/** The function whose code holds an address: its entry and the unit it stands in. */
export function functionAround(program: Program, address: number): Located<OpenUnit> | null {
  for (const unit of unitsAround(program, address)) {
    const { tags, offsets } = unit.index;
    for (let position = 0; position < tags.length; position++) {
      if (tags[position] !== tag.subprogram) continue;
      const entry = program.entry(unit, offsets[position] ?? 0);
      if (holds(unit, entry, address)) return { unit, entry };
    }
  }
  return null;
}

/**
 * The functions that an address lies in, from the innermost: those whose code was inlined there, and at last the one that
 * it was inlined into (DWARF 5, section 3.3.8.2).
 */
export function framesAt(program: Program, address: number): readonly CodeFrame[] {
  const around = functionAround(program, address);
  const place = lineAt(program, address) ?? { file: '', line: 0 };
  if (around === null) return place.file === '' ? [] : [{ function: '', linkageName: null, ...place, inlined: false }];
  const inlined = inlinedAround(around, address);
  const frames: CodeFrame[] = [];
  let reached: Place = place;
  for (const entry of inlined.toReversed()) {
    frames.push({ ...nameOf(program, around.unit, entry), ...reached, inlined: true });
    reached = callPlace(around.unit, entry);
  }
  frames.push({ ...nameOf(program, around.unit, around.entry), ...reached, inlined: false });
  return frames;
}

function nameOf(program: Program, unit: OpenUnit, entry: Entry): Pick<CodeFrame, 'function' | 'linkageName'> {
  const all = withDeclarations(program, unit, entry);
  const name = textOf(all, at.name) ?? '';
  const declared = all.at(-1) ?? { unit, entry };
  const scope = program.scopeOf(declared.unit, declared.entry.offset).names;
  const names = [...scope.map((one) => (one === '' ? '(anonymous namespace)' : one)), name];
  return { function: names.join('::'), linkageName: textOf(all, at.linkageName, at.mipsLinkageName) };
}

function callPlace(unit: OpenUnit, entry: Entry): Place {
  const file = entry.number(at.callFile);
  return { file: file === null ? '' : (unit.files()[file] ?? ''), line: entry.number(at.callLine) ?? 0 };
}

/**
 * Units that say that an address is theirs, and then those that give no list of what is: with DWARF 2 a unit names one
 * stretch of code at most, and may have more.
 */
function* unitsAround(program: Program, address: number): Generator<OpenUnit> {
  const others: OpenUnit[] = [];
  for (const unit of program.units) {
    if (unit.unit.signature !== null || unit.sections.relocatable) continue;
    const claimed = unit.code().some((range) => address >= range.address && address < range.address + range.size);
    if (claimed) yield unit;
    else if (!unit.root.has(at.ranges)) others.push(unit);
  }
  yield* others;
}

function holds(unit: OpenUnit, entry: Entry, address: number): boolean {
  return codeRanges(unit, entry).some(
    (range) => !isDiscarded(unit, range) && address >= range.address && address < range.address + range.size,
  );
}

/** Inlined copies around an address, the outermost first. Blocks between them are looked into, other functions are not. */
function inlinedAround({ unit, entry }: Located<OpenUnit>, address: number): readonly Entry[] {
  if (!entry.abbreviation.hasChildren) return [];
  const { abbreviations, end } = unit.unit;
  const found: Entry[] = [];
  const cursor = new Cursor(unit.sections.section(unit.unit.section), unit.sections.littleEndian, entry.next);
  for (let depth = 1; cursor.at < end; ) {
    const offset = cursor.at;
    const code = cursor.uleb();
    if (code === 0) {
      if (--depth === 0) return found;
      continue;
    }
    const abbreviation = abbreviations[code];
    if (abbreviation === undefined) throw new DebugInfoError('damaged', `an entry has the unknown code ${code}`);
    if (abbreviation.tag === tag.inlinedSubroutine) {
      const copy = new Entry(unit, offset - unit.unit.start);
      if (holds(unit, copy, address)) found.push(copy);
    }
    if (abbreviation.hasChildren) depth++;
    skipAttributes(cursor, abbreviation, unit.unit);
  }
  throw new DebugInfoError('damaged', 'the children of an entry have no end');
}
