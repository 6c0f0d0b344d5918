import { constants, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';

/** gABI chapter 4, "Section Compression". */
const compression = { zlib: 1, zstd: 2 } as const;
const compressionHeader = 24;
/** More than any compiler leaves in one section; a header that claims more is damage or an attack. */
const largest = 2 ** 31;

/** The bytes of a section, whichever way it is compressed: `SHF_COMPRESSED`, or the older `.zdebug_`. */
export function inflateSection(file: ElfFile, section: ElfSection): Uint8Array {
  const bytes = file.sectionData(section);
  if (section.compressed) {
    const cursor = new Cursor(bytes, true);
    const kind = cursor.u32();
    cursor.take(4);
    return inflate(section.name, kind, bytes.subarray(compressionHeader), cursor.u64());
  }
  if (!section.name.startsWith('.zdebug_')) return bytes;
  // "ZLIB" and the size, big-endian (GNU binutils, bfd/compress.c).
  const cursor = new Cursor(bytes, false);
  if (cursor.u32() !== 0x5a4c4942) throw new DebugInfoError('damaged', `${section.name} has no compression header`);
  return inflate(section.name, compression.zlib, bytes.subarray(12), cursor.u64());
}

function inflate(name: string, kind: number, packed: Uint8Array, size: number): Uint8Array {
  if (size > largest) throw new DebugInfoError('damaged', `${name} claims to have ${size} bytes`);
  try {
    const bytes = unpack(name, kind, packed, size);
    if (bytes.length === size) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof DebugInfoError) throw error;
    throw new DebugInfoError('damaged', `${name} cannot be decompressed`);
  }
  throw new DebugInfoError('damaged', `${name} has another size than its header says`);
}

function unpack(name: string, kind: number, packed: Uint8Array, size: number): Buffer {
  const limit = { maxOutputLength: Math.max(size, 1) };
  if (kind === compression.zlib) return inflateSync(packed, { ...limit, finishFlush: constants.Z_SYNC_FLUSH });
  if (kind === compression.zstd) return zstdDecompressSync(packed, limit);
  throw new DebugInfoError('unsupported', `${name} is compressed in an unknown way (${kind})`);
}
