import type { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import { machOSize, segmentReadOnly, zeroFillTypes } from './macho-constants.js';
import type { MachOSection, MachOSegment } from './macho-types.js';

interface SegmentWithSections {
  readonly segment: MachOSegment;
  readonly sections: readonly MachOSection[];
}

/** `segment_command_64` at byte `at`, with the sections behind it. `before` is how many sections came before. */
export function readMachOSegment(
  reader: ByteReader,
  at: number,
  commandSize: number,
  before: number,
): SegmentWithSections {
  const count = reader.u32(at + 64);
  if (machOSize.segment + count * machOSize.section > commandSize) {
    throw new ObjectFileError('corrupt', `a segment claims ${count} sections, more than its load command holds`);
  }
  const protection = reader.u32(at + 60);
  const segment: MachOSegment = {
    name: fixedText(reader, at + 8),
    addr: reader.u64(at + 24),
    memorySize: reader.u64(at + 32),
    offset: reader.u64(at + 40),
    fileSize: reader.u64(at + 48),
    readOnly: (reader.u32(at + 68) & segmentReadOnly) !== 0,
    readable: (protection & 1) !== 0,
    writable: (protection & 2) !== 0,
    executable: (protection & 4) !== 0,
  };
  const sections = Array.from({ length: count }, (_, number) =>
    readSection(reader, at + machOSize.segment + number * machOSize.section, before + number + 1),
  );
  return { segment, sections };
}

/** `section_64`. */
function readSection(reader: ByteReader, at: number, index: number): MachOSection {
  const alignment = reader.u32(at + 52);
  if (alignment > 63) throw new ObjectFileError('corrupt', `a section claims an alignment of 2^${alignment} bytes`);
  const flags = reader.u32(at + 64);
  const type = flags & 0xff;
  return {
    index,
    name: fixedText(reader, at),
    segment: fixedText(reader, at + 16),
    addr: reader.u64(at + 32),
    size: reader.u64(at + 40),
    offset: reader.u32(at + 48),
    align: 2 ** alignment,
    type,
    attributes: (flags & ~0xff) >>> 0,
    zeroFill: zeroFillTypes.has(type),
    relocationTable: { offset: reader.u32(at + 56), count: reader.u32(at + 60) },
  };
}

/** Names have room for 16 characters and no NUL where they fill it. */
function fixedText(reader: ByteReader, at: number): string {
  const bytes = reader.slice(at, 16, 'a name');
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
}
