import type { Cursors, Texts } from './cursors.js';
import type { DebugSections } from './sections.js';
import type { Unit } from './units.js';

/** What entries of one unit need to be read. The bases stand in the unit's first entry. */
export interface UnitReader {
  readonly unit: Unit;
  readonly sections: DebugSections;
  readonly cursors: Cursors;
  readonly texts: Texts;
  /** Of the unit's part of `.debug_str_offsets`, and the byte after it; and of its part of `.debug_addr`. */
  stringBase: number;
  stringEnd: number;
  addressBase: number;
}
