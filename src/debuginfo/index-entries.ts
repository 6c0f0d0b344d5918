import { skipAttributes } from './abbreviations.js';
import { tag } from './constants.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { DebugSections } from './sections.js';
import type { Unit } from './units.js';

/**
 * Where the entries lie that questions begin with: types, variables, functions, and the scopes around them. Parallel
 * lists in the order of the section, so that an offset is found by bisection. Offsets count from the start of the unit's
 * header.
 */
export interface EntryIndex {
  readonly offsets: readonly number[];
  readonly tags: readonly number[];
  /** Position of the enclosing entry in these lists; -1 for a unit's first entry. */
  readonly parents: readonly number[];
  /** Of the byte after an entry and all that is in it. */
  readonly ends: readonly number[];
}

const roots: ReadonlySet<number> = new Set([tag.compileUnit, tag.partialUnit, tag.typeUnit, tag.skeletonUnit]);

/** Deeper nesting than any source has is damage, or an attack on whoever walks it. */
const deepest = 4096;

/**
 * Walks over all entries of a unit once, decoding nothing but codes and lengths (DWARF 5, section 2.3: the entries of a
 * unit are one tree, written parents first, with a zero after the last child).
 */
export function indexEntries(sections: DebugSections, unit: Unit): EntryIndex {
  const offsets: number[] = [];
  const tags: number[] = [];
  const parents: number[] = [];
  const ends: number[] = [];
  const open: number[] = [];
  const cursor = new Cursor(sections.section(unit.section), sections.littleEndian, unit.firstEntry);
  const { abbreviations, start, end } = unit;
  let parent = -1;
  let seen = 0;

  while (cursor.at < end) {
    const offset = cursor.at;
    const code = cursor.uleb();
    if (code === 0) {
      const outer = open.pop();
      // Padding after the last entry is written as zeros too.
      if (outer === undefined || outer === parent) continue;
      ends[parent] = cursor.at - start;
      parent = outer;
      continue;
    }
    const abbreviation = abbreviations[code];
    if (abbreviation === undefined) throw new DebugInfoError('damaged', `an entry has the unknown code ${code}`);
    // Otherwise a zero in the wrong place would make strangers of a function's variables.
    if (open.length === 0 && seen > 0) throw new DebugInfoError('damaged', 'a unit goes on after its last entry');
    if (seen++ === 0 && !roots.has(abbreviation.tag)) {
      throw new DebugInfoError('damaged', 'the first entry of a unit describes no unit');
    }
    skipAttributes(cursor, abbreviation, unit);
    let own = parent;
    if (abbreviation.indexed) {
      own = offsets.length;
      offsets.push(offset - start);
      tags.push(abbreviation.tag);
      parents.push(parent);
      ends.push(cursor.at - start);
    }
    if (!abbreviation.hasChildren) continue;
    if (open.length >= deepest) throw new DebugInfoError('damaged', 'its entries are nested too deeply');
    open.push(parent);
    parent = own;
  }
  if (cursor.at > end || open.length > 0) {
    throw new DebugInfoError('damaged', 'the entries of a unit do not end where the unit does');
  }
  if (seen === 0) throw new DebugInfoError('damaged', 'a unit has no entries');
  return { offsets, tags, parents, ends };
}

/** Position of the entry at an offset; -1 where it is not in the index. */
export function positionOf(index: EntryIndex, offset: number): number {
  const position = lastUpTo(index, offset);
  return index.offsets[position] === offset ? position : -1;
}

/** Position of the innermost entry around the one at an offset, which need not be in the index itself; -1 for none. */
export function enclosing(index: EntryIndex, offset: number): number {
  let position = lastUpTo(index, offset);
  if (index.offsets[position] === offset) return index.parents[position] ?? -1;
  while (position >= 0 && (index.ends[position] ?? 0) <= offset) position = index.parents[position] ?? -1;
  return position;
}

/** Position of the last entry that begins before an offset. */
export function lastBefore(index: EntryIndex, offset: number): number {
  return lastUpTo(index, offset - 1);
}

function lastUpTo({ offsets }: EntryIndex, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
