import type { ByteReader } from './bytes.js';
import { pt, size } from './constants.js';
import type { ElfHeader, ElfSegment } from './types.js';

/** gABI chapter 5, "Program Header". Empty for relocatable files. */
export function readSegments(reader: ByteReader, header: ElfHeader): readonly ElfSegment[] {
  const { offset, count } = header.segmentTable;
  if (offset === 0) return [];
  reader.need(offset, count * size.segment, 'the program header table');

  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size.segment;
    const flags = reader.u32(at + 4);
    return {
      type: reader.u32(at),
      readable: (flags & 4) !== 0,
      writable: (flags & 2) !== 0,
      executable: (flags & 1) !== 0,
      offset: reader.u64(at + 8),
      addr: reader.u64(at + 16),
      fileSize: reader.u64(at + 32),
      memorySize: reader.u64(at + 40),
      align: reader.u64(at + 48),
    };
  });
}

/** Where in the file `size` bytes at an address of the loaded image stand; undefined where they do not. */
export function fileOffset(segments: readonly ElfSegment[], address: number, size: number): number | undefined {
  const holder = segments.find(
    (segment) =>
      segment.type === pt.load && address >= segment.addr && address + size <= segment.addr + segment.fileSize,
  );
  return holder === undefined ? undefined : holder.offset + (address - holder.addr);
}
