import { Cursor } from './cursor.js';
import type { DebugSectionName, DebugSections } from './sections.js';

/**
 * Hands out the one cursor of each debug section, moved to a place, so that reading a value makes no new one. Whoever
 * asks for it reads at once and keeps it for nothing else.
 */
export type Cursors = (section: DebugSectionName, place: number) => Cursor;

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
