import type { ByteReader } from './bytes.js';
import { df1Pie, dt, pt, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { fileOffset } from './segments.js';
import { stringTable } from './strings.js';
import type { ElfDynamic, ElfDynamicEntry, ElfSegment } from './types.js';

/**
 * gABI chapter 5, "Dynamic Section". It is found through the segments, as the loader finds it, because section headers
 * may be missing or say something else.
 */
export function readDynamic(reader: ByteReader, segments: readonly ElfSegment[]): ElfDynamic | null {
  const segment = segments.find((candidate) => candidate.type === pt.dynamic);
  if (segment === undefined) return null;
  reader.need(segment.offset, segment.fileSize, 'the dynamic section');

  const { entries, terminated } = readEntries(reader, segment);
  const value = (tag: number): number | undefined => entries.find((entry) => entry.tag === tag)?.value;
  const strings = stringTable(stringBytes(reader, segments, value));
  const text = (tag: number): string | null => {
    const offset = value(tag);
    return offset === undefined ? null : strings.at(offset);
  };
  return {
    entries,
    terminated,
    strings,
    needed: entries.filter((entry) => entry.tag === dt.needed).map((entry) => strings.at(entry.value)),
    soname: text(dt.soname),
    rpath: splitPath(text(dt.rpath)),
    runpath: splitPath(text(dt.runpath)),
    isProgram: ((value(dt.flags1) ?? 0) & df1Pie) !== 0,
    value,
  };
}

function readEntries(
  reader: ByteReader,
  segment: ElfSegment,
): { readonly entries: readonly ElfDynamicEntry[]; readonly terminated: boolean } {
  const entries: ElfDynamicEntry[] = [];
  for (let done = 0; done + size.dynamic <= segment.fileSize; done += size.dynamic) {
    const tag = reader.u64(segment.offset + done);
    if (tag === dt.null) return { entries, terminated: true };
    entries.push({ tag, value: reader.u64(segment.offset + done + 8) });
  }
  return { entries, terminated: false };
}

function stringBytes(
  reader: ByteReader,
  segments: readonly ElfSegment[],
  value: (tag: number) => number | undefined,
): Uint8Array {
  const address = value(dt.strtab);
  const length = value(dt.strsz);
  if (address === undefined || length === undefined) return new Uint8Array(0);
  const offset = fileOffset(segments, address, length);
  if (offset === undefined) {
    throw new ObjectFileError('corrupt', 'its dynamic section puts the string table outside the loaded image');
  }
  return reader.slice(offset, length, 'the dynamic string table');
}

function splitPath(path: string | null): readonly string[] {
  return path === null ? [] : path.split(':').filter((part) => part !== '');
}
