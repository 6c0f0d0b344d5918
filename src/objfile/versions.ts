import type { ByteReader } from './bytes.js';
import { dt } from './constants.js';
import { fileOffset } from './segments.js';
import type { ElfDynamic, ElfSegment } from './types.js';

/**
 * Symbol versions (Linux Standard Base, Core, "Symbol Versioning"): a 16-bit index for each dynamic symbol, and two
 * chains that give names to the indexes, one of versions this file needs, one of versions it defines.
 *
 * @returns the version of a symbol by its index, null for those without.
 */
export function readVersions(
  reader: ByteReader,
  dynamic: ElfDynamic,
  segments: readonly ElfSegment[],
  symbolCount: number,
): (symbol: number) => string | null {
  const indexes = place(dynamic, segments, dt.versym, symbolCount * 2);
  if (indexes === undefined) return () => null;
  const names = new Map<number, string>();
  readNeeded(reader, dynamic, segments, names);
  readDefined(reader, dynamic, segments, names);
  // The top bit hides a version from lookups that do not ask for it; 0 and 1 stand for "no version".
  return (symbol) => names.get(reader.u16(indexes + symbol * 2) & 0x7fff) ?? null;
}

/** Chain of Verneed, each with a chain of Vernaux, whose `vna_other` is the index. */
function readNeeded(
  reader: ByteReader,
  dynamic: ElfDynamic,
  segments: readonly ElfSegment[],
  names: Map<number, string>,
): void {
  const start = place(dynamic, segments, dt.verneed, 16);
  if (start === undefined) return;
  for (const need of chain(reader, start, dynamic.value(dt.verneednum) ?? 0, 12)) {
    for (const entry of chain(reader, need + reader.u32(need + 8), reader.u16(need + 2), 12)) {
      names.set(reader.u16(entry + 6), dynamic.strings.at(reader.u32(entry + 8)));
    }
  }
}

/** Chain of Verdef with `vd_ndx`, each with a chain of Verdaux of which the first is the name. */
function readDefined(
  reader: ByteReader,
  dynamic: ElfDynamic,
  segments: readonly ElfSegment[],
  names: Map<number, string>,
): void {
  const start = place(dynamic, segments, dt.verdef, 20);
  if (start === undefined) return;
  for (const definition of chain(reader, start, dynamic.value(dt.verdefnum) ?? 0, 16)) {
    const auxiliary = definition + reader.u32(definition + 12);
    names.set(reader.u16(definition + 4), dynamic.strings.at(reader.u32(auxiliary)));
  }
}

/**
 * Offsets of the records of a chain whose "next" word, relative to the record, is at `nextAt` in it. It ends with the
 * count, at a zero, or with the file: each step goes forward, so a damaged chain cannot run in a circle.
 */
function* chain(reader: ByteReader, start: number, count: number, nextAt: number): Generator<number> {
  let at = start;
  for (let i = 0; i < count; i++) {
    yield at;
    const next = reader.u32(at + nextAt);
    if (next === 0) return;
    at += next;
  }
}

function place(dynamic: ElfDynamic, segments: readonly ElfSegment[], tag: number, size: number): number | undefined {
  const address = dynamic.value(tag);
  return address === undefined ? undefined : fileOffset(segments, address, size);
}
