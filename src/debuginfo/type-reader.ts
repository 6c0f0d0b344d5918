import type { Entry } from './entry.js';
import type { OpenUnit } from './open-unit.js';
import type { Program } from './program.js';
import type { DebugType } from './types.js';

/** Types by the place of their entry, each built once, so that one entry is one object. */
export interface TypeReader {
  readonly program: Program;
  /** The type that `DW_AT_type` of an entry leads to; void without one. */
  typeOf(entry: Entry): DebugType;
  typeAt(unit: OpenUnit, entry: Entry): DebugType;
}
