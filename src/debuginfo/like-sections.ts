import { readLineHeader, sameLineHeaders } from './line-header.js';
import type { Opened } from './open-unit.js';
import type { UnitBody } from './program-types.js';
import type { DebugSectionName, DebugSections } from './sections.js';
import type { UnitReader } from './unit-reader.js';

/** What the debug sections of two files have in common; what was found is kept. */
export interface LikeSections {
  /** The whole section is the same, so that one place means the same in both. */
  same(name: DebugSectionName): boolean;
  sameBytes(name: DebugSectionName, one: number, other: number, length: number): boolean;
  /** All texts that two units name by number are the same. */
  sameTexts(one: UnitReader, other: UnitReader): boolean;
  /** Two units number the same source files in the same way. */
  sameFiles(one: Opened, other: UnitBody): boolean;
}

export function createLikeSections(one: DebugSections, other: DebugSections): LikeSections {
  const whole = new Map<DebugSectionName, boolean>();
  const same: LikeSections['same'] = (name) => {
    const known = whole.get(name) ?? Buffer.compare(one.section(name), other.section(name)) === 0;
    whole.set(name, known);
    return known;
  };
  const sameBytes: LikeSections['sameBytes'] = (name, first, second, length) =>
    Buffer.compare(
      one.section(name).subarray(first, first + length),
      other.section(name).subarray(second, second + length),
    ) === 0;
  let sameText: ((first: number, second: number) => boolean) | null = null;
  return {
    same,
    sameBytes,
    sameTexts(first, second) {
      const length = first.stringEnd - first.stringBase;
      const listed = length === second.stringEnd - second.stringBase && length >= 0;
      if (!listed || first.unit.offset !== 4 || one.littleEndian !== other.littleEndian) return false;
      if (same('debug_str') && sameBytes('debug_str_offsets', first.stringBase, second.stringBase, length)) return true;
      sameText ??= createTextComparison(one.section('debug_str'), other.section('debug_str'));
      const [ours, theirs] = [viewOf(one), viewOf(other)];
      for (let place = 0; place + 4 <= length; place += 4) {
        const text = ours.getUint32(first.stringBase + place, one.littleEndian);
        if (!sameText(text, theirs.getUint32(second.stringBase + place, one.littleEndian))) return false;
      }
      return true;
    },
    sameFiles(first, second) {
      if (first.lineTable === null || second.lineTable === null) return first.lineTable === second.lineTable;
      const others = second.files();
      const sameNames = same('debug_line_str') && (second.facts.files?.inTexts === false || same('debug_str'));
      if (sameNames && sameLineHeaders(one, first.lineTable, other, second.lineTable)) return true;
      const { files } = readLineHeader(one, first.lineTable, first.directory);
      return files.length === others.length && files.every((file, n) => file === others[n]);
    },
  };
}

function viewOf(sections: DebugSections): DataView {
  const { buffer, byteOffset, byteLength } = sections.section('debug_str_offsets');
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * Compares texts of two sections by their places. Where a text was added or is gone, linkers leave the others in their
 * order: those before it stand where they stood, those behind it have all moved by its length.
 */
function createTextComparison(one: Uint8Array, other: Uint8Array): (first: number, second: number) => boolean {
  const start = sameAtStart(one, other);
  // The text that the difference lies in may begin before it.
  const sameUpTo = one.subarray(0, start).lastIndexOf(0) + 1;
  const shift = other.length - one.length;
  const sameFrom = one.length - sameAtEnd(one, other);
  const found = new Map<number, number>();
  return (first, second) => {
    if (first === second && first < sameUpTo) return true;
    if (second - first === shift && first >= sameFrom && first < one.length) return true;
    if (found.get(first) === second) return true;
    if (!sameTextAt(one, first, other, second)) return false;
    found.set(first, second);
    return true;
  };
}

/** So many bytes are compared at once; what follows is looked at one by one. */
const stretch = 4096;

function sameAtStart(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length);
  const sameStretch = (at: number): boolean =>
    Buffer.compare(one.subarray(at, at + stretch), other.subarray(at, at + stretch)) === 0;
  let length = 0;
  while (length + stretch <= most && sameStretch(length)) length += stretch;
  while (length < most && one[length] === other[length]) length++;
  return length;
}

function sameAtEnd(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length);
  const before = (bytes: Uint8Array, length: number): Uint8Array =>
    bytes.subarray(bytes.length - length - stretch, bytes.length - length);
  let length = 0;
  while (length + stretch <= most && Buffer.compare(before(one, length), before(other, length)) === 0)
    length += stretch;
  while (length < most && one[one.length - 1 - length] === other[other.length - 1 - length]) length++;
  return length;
}

function sameTextAt(one: Uint8Array, first: number, other: Uint8Array, second: number): boolean {
  for (let length = 0; ; length++) {
    const byte = one[first + length];
    if (byte === undefined || byte !== other[second + length]) return false;
    if (byte === 0) return true;
  }
}
