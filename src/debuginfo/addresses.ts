import type { DebugSectionName } from './sections.js';
import type { UnitReader } from './unit-reader.js';

export interface Address {
  readonly address: number;
  /** In relocatable files the section that the address counts from; null in linked ones. */
  readonly section: number | null;
}

/** The address that stands at a place of a debug section. */
export function readAddress(
  { sections, unit, cursors }: UnitReader,
  section: DebugSectionName,
  place: number,
): Address {
  const cursor = cursors(section, place);
  return { address: cursor.unsigned(unit.address), section: sections.sectionAt(section, place) };
}

/** The address with this number in the unit's part of `.debug_addr` (DWARF 5, section 7.27). */
export function indexedAddress(reader: UnitReader, index: number): Address {
  return readAddress(reader, 'debug_addr', reader.addressBase + index * reader.unit.address);
}
