import { Cursor } from './cursor.js';
import type { DebugSectionName, DebugSections } from './sections.js';

/**
 * Hands out the one cursor of each debug section, moved to a place, so that reading a value makes no new one. Whoever
 * asks for it reads at once and keeps it for nothing else.
 */
export type Cursors = (section: DebugSectionName, place: number) => Cursor;

/** Reads the text that begins at a place of a section. */
export type Texts = (section: 'debug_str' | 'debug_line_str', place: number) => string;

/** Linkers leave each text once, so that what a header names is decoded once for all units that include it. */
export function createTexts(cursors: Cursors): Texts {
  const known = { debug_str: new Map<number, string>(), debug_line_str: new Map<number, string>() };
  return (section, place) => {
    const found = known[section].get(place);
    if (found !== undefined) return found;
    const text = cursors(section, place).string();
    known[section].set(place, text);
    return text;
  };
}

export function createCursors(sections: DebugSections): Cursors {
  const made = new Map<DebugSectionName, Cursor>();
  return (section, place) => {
    let cursor = made.get(section);
    if (cursor === undefined) {
      cursor = new Cursor(sections.section(section), sections.littleEndian);
      made.set(section, cursor);
    }
    cursor.at = place;
    return cursor;
  };
}
