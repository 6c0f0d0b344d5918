import { constants, inflateSync, zstdDecompressSync } from 'node:zlib';
import { sht } from '../objfile/constants.js';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';

/** gABI chapter 4, "Section Compression". */
const compression = { zlib: 1, zstd: 2 } as const;
const compressionHeader = 24;

/**
 * More than any compiler leaves in one section, and more times the packed size than debug information shrinks to (zlib
 * cannot even reach it): a header that claims more is damage or an attack.
 */
const largest = 2 ** 31;
const largestFactor = 1100;
const alwaysAllowed = 1 << 20;

/** The bytes of a section, whichever way it is compressed: `SHF_COMPRESSED`, or the older `.zdebug_`. */
export function inflateSection(file: ElfFile, section: ElfSection): Uint8Array {
  const bytes = file.sectionData(section);
  if (section.type === sht.nobits || section.type === sht.null) return bytes;
  if (section.compressed) {
    const cursor = new Cursor(bytes, true);
    const kind = cursor.u32();
    cursor.take(4);
    const size = cursor.u64();
    cursor.take(8);
    return inflate(section.name, kind, bytes.subarray(compressionHeader), size);
  }
  return section.name.startsWith('.zdebug_') ? inflateOld(section.name, bytes) : bytes;
}

/** "ZLIB" and the size, big-endian, then the packed bytes (GNU binutils, bfd/compress.c): `.zdebug_`, `__zdebug_`. */
export function inflateOld(name: string, bytes: Uint8Array): Uint8Array {
  const cursor = new Cursor(bytes, false);
  if (cursor.u32() !== 0x5a4c4942) throw new DebugInfoError('damaged', `${name} has no compression header`);
  return inflate(name, compression.zlib, bytes.subarray(12), cursor.u64());
}

function inflate(name: string, kind: number, packed: Uint8Array, size: number): Uint8Array {
  if (size > largest || size > packed.length * largestFactor + alwaysAllowed) {
    throw new DebugInfoError('damaged', `${name} claims to have ${size} bytes`);
  }
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
