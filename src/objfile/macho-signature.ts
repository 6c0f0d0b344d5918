import { createHash } from 'node:crypto';
import type { MachOFile } from './macho-types.js';

/** What is in a file's code signature, and what in it does not agree with the file. */
export interface CodeSignature {
  /** Of each code directory, the one that the system prefers last. */
  readonly hashes: readonly string[];
  readonly identifier: string;
  /** Nobody vouches for it: there is no certificate, only the hashes. */
  readonly adHoc: boolean;
  /** Pages whose hash was compared, over all directories. */
  readonly pages: number;
  /** Sentences without a full stop about what is wrong; none where everything agrees. */
  readonly problems: readonly string[];
}

/** Numbers of Apple's `cs_blobs.h` (xnu, osfmk/kern). */
const magic = { superBlob: 0xfade0cc0, codeDirectory: 0xfade0c02 } as const;
const firstAlternate = 0x1000;
const lastAlternate = 0x1004;
const adHocFlag = 0x2;

interface HashKind {
  readonly name: string;
  readonly algorithm: 'sha1' | 'sha256' | 'sha384';
  readonly size: number;
}

/** `CS_HASHTYPE_*`. */
const hashKinds: ReadonlyMap<number, HashKind> = new Map<number, HashKind>([
  [1, { name: 'SHA-1', algorithm: 'sha1', size: 20 }],
  [2, { name: 'SHA-256', algorithm: 'sha256', size: 32 }],
  [3, { name: 'SHA-256, cut to 20 bytes', algorithm: 'sha256', size: 20 }],
  [4, { name: 'SHA-384', algorithm: 'sha384', size: 48 }],
]);

/** The versions that there have been, each with the size of its fixed part. */
const fixedSizes: ReadonlyMap<number, number> = new Map([
  [0x20001, 44],
  [0x20100, 48],
  [0x20200, 52],
  [0x20300, 64],
  [0x20400, 88],
  [0x20500, 96],
  [0x20600, 108],
]);

/** As many sentences as somebody reads. */
const mostProblems = 5;

/**
 * Verifies the code signature of a linked file: the hash of each page that a code directory lists, and of each part of
 * the signature that it lists. Whether a certificate is good is not looked at. Null where there is no signature.
 *
 * Linear in the size of the file and the number of directories, of which there are at most six.
 */
export function readCodeSignature(file: Pick<MachOFile, 'bytes' | 'codeSignature'>): CodeSignature | null {
  const place = file.codeSignature;
  if (place === null) return null;
  const problems: string[] = [];
  const found: Directory[] = [];
  if (place.offset + place.size > file.bytes.length) {
    problems.push(`the signature should end at byte ${place.offset + place.size}, after the end of the file`);
  } else {
    const blob = file.bytes.subarray(place.offset, place.offset + place.size);
    const parts = readParts(blob, problems);
    for (const part of parts) {
      if (!isDirectory(part.slot)) continue;
      const directory = readDirectory(part.bytes, place.offset, problems);
      if (directory === null) continue;
      found.push(directory);
      comparePages(file.bytes, directory, problems);
      compareParts(parts, directory, problems);
    }
    if (found.length === 0 && problems.length === 0) problems.push('the signature has no code directory');
  }
  const best = found.at(-1);
  return {
    hashes: found.map((one) => one.kind.name),
    identifier: best?.identifier ?? '',
    adHoc: ((best?.flags ?? 0) & adHocFlag) !== 0,
    pages: found.reduce((sum, one) => sum + one.codeSlots, 0),
    problems: problems.slice(0, mostProblems),
  };
}

interface Part {
  readonly slot: number;
  readonly bytes: Uint8Array;
}

/** Kernels take the first of each slot, and no file has use for more. */
const mostParts = 64;

/** `CS_SuperBlob`: a table of parts, big-endian like everything in a signature. */
function readParts(blob: Uint8Array, problems: string[]): readonly Part[] {
  const view = viewOf(blob);
  if (blob.length < 12 || view.getUint32(0) !== magic.superBlob) {
    problems.push('the signature does not begin as one');
    return [];
  }
  const [length, count] = [view.getUint32(4), view.getUint32(8)];
  if (length > blob.length || length < 12 + count * 8 || count > mostParts) {
    problems.push('the table of the signature is longer than the signature');
    return [];
  }
  const parts: Part[] = [];
  for (let n = 0; n < count; n++) {
    const [slot, offset] = [view.getUint32(12 + n * 8), view.getUint32(16 + n * 8)];
    const size = offset + 8 <= length ? view.getUint32(offset + 4) : 0;
    if (size < 8 || offset < 12 + count * 8 || offset + size > length) {
      problems.push(`part ${n + 1} of the signature lies outside it`);
    } else parts.push({ slot, bytes: blob.subarray(offset, offset + size) });
  }
  return parts;
}

function isDirectory(slot: number): boolean {
  return slot === 0 || (slot >= firstAlternate && slot <= lastAlternate);
}

/** `CS_CodeDirectory`. */
interface Directory {
  readonly bytes: Uint8Array;
  readonly flags: number;
  readonly kind: HashKind;
  /** Of the hash of the first page; those of other parts of the signature stand before it. */
  readonly hashOffset: number;
  readonly specialSlots: number;
  readonly codeSlots: number;
  /** Bytes of the file that are hashed, from its start. */
  readonly codeLimit: number;
  readonly pageSize: number;
  readonly identifier: string;
}

/** Null, and a problem, where its numbers contradict each other. `end` is where the signature begins in the file. */
function readDirectory(bytes: Uint8Array, end: number, problems: string[]): Directory | null {
  const view = viewOf(bytes);
  const wrong = (what: string): null => {
    problems.push(`the code directory ${what}`);
    return null;
  };
  if (bytes.length < 44 || view.getUint32(0) !== magic.codeDirectory) return wrong('does not begin as one');
  const version = view.getUint32(8);
  const fixed = fixedSizes.get(version);
  if (fixed === undefined || bytes.length < fixed) return wrong(`is of the unknown version 0x${version.toString(16)}`);
  const kind = hashKinds.get(view.getUint8(37));
  if (kind === undefined || view.getUint8(36) !== kind.size) return wrong('names no kind of hash that there is');
  const [hashOffset, specialSlots, codeSlots] = [view.getUint32(16), view.getUint32(24), view.getUint32(28)];
  const wide = version >= 0x20300 ? Number(view.getBigUint64(56)) : 0;
  const codeLimit = wide === 0 ? view.getUint32(32) : wide;
  const shift = view.getUint8(39);
  const pageSize = shift === 0 ? codeLimit : 2 ** shift;
  if (shift !== 0 && shift !== 12 && shift !== 14) return wrong(`has pages of 2^${shift} bytes`);
  if (view.getUint32(40) !== 0) return wrong('has a number where none belongs');
  if (version >= 0x20100 && view.getUint32(44) !== 0) return wrong('is of a scattered file, which is not read');
  if (codeLimit !== end) return wrong(`covers ${codeLimit} bytes, and the signature begins at byte ${end}`);
  const needed = pageSize === 0 ? 0 : Math.ceil(codeLimit / pageSize);
  if (codeSlots !== needed) return wrong(`has ${codeSlots} hashes for ${needed} pages`);
  const first = hashOffset - specialSlots * kind.size;
  if (first < fixed || hashOffset + codeSlots * kind.size > bytes.length) return wrong('has no room for its hashes');
  const nameOffset = view.getUint32(20);
  const nameEnd = bytes.indexOf(0, nameOffset);
  if (nameOffset < fixed || nameEnd < 0 || nameEnd >= first) return wrong('has no identifier');
  const identifier = Buffer.from(bytes.subarray(nameOffset, nameEnd)).toString('utf8');
  return {
    bytes,
    flags: view.getUint32(12),
    kind,
    hashOffset,
    specialSlots,
    codeSlots,
    codeLimit,
    pageSize,
    identifier,
  };
}

function comparePages(file: Uint8Array, directory: Directory, problems: string[]): void {
  const { pageSize, codeLimit, codeSlots } = directory;
  const bad: number[] = [];
  for (let page = 0; page < codeSlots; page++) {
    const start = page * pageSize;
    const bytes = file.subarray(start, Math.min(start + pageSize, codeLimit));
    if (!sameHash(directory, page, bytes)) bad.push(page);
  }
  const [first] = bad;
  if (first === undefined) return;
  const others = bad.length === 1 ? '' : `, and ${bad.length - 1} more`;
  problems.push(
    `page ${first} (bytes ${first * pageSize} to ${Math.min((first + 1) * pageSize, codeLimit)})${others} ` +
      `does not have the ${directory.kind.name} hash that the code directory lists`,
  );
}

/** Special slots count backwards: slot -2 is the hash of part 2, the requirements. Zeros stand for none. */
function compareParts(parts: readonly Part[], directory: Directory, problems: string[]): void {
  for (const { slot, bytes } of parts) {
    if (slot === 0 || slot > directory.specialSlots) continue;
    if (!sameHash(directory, -slot, bytes)) problems.push(`part ${slot} of the signature does not have its hash`);
  }
}

function sameHash({ bytes, hashOffset, kind }: Directory, slot: number, hashed: Uint8Array): boolean {
  const at = hashOffset + slot * kind.size;
  const hash = createHash(kind.algorithm).update(hashed).digest().subarray(0, kind.size);
  return hash.equals(bytes.subarray(at, at + kind.size));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
