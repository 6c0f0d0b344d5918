import type { ByteReader } from './bytes.js';
import { shn, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { identifyFile } from './identify.js';
import { machineAArch64, machineX86_64 } from './machines.js';
import type { ElfHeader, ElfType } from './types.js';

const types: readonly ElfType[] = ['other', 'relocatable', 'executable', 'shared', 'core'];

/** gABI chapter 4, "ELF Header", including the extended numbering of files with 65280 sections or more. */
export function readHeader(reader: ByteReader): ElfHeader {
  refuseOthers(reader.bytes);
  reader.need(0, size.header, 'the ELF header');

  const sectionsAt = reader.u64(40);
  const first = sectionsAt === 0 ? null : { size: reader.u64(sectionsAt + 32), link: reader.u32(sectionsAt + 40) };
  const segmentsAt = reader.u64(32);
  const sectionCount = reader.u16(60);
  const names = reader.u16(62);

  checkEntrySize(reader.u16(58), size.section, sectionCount, 'section');
  checkEntrySize(reader.u16(54), size.segment, reader.u16(56), 'segment');
  return {
    type: types[reader.u16(16)] ?? 'other',
    machine: reader.u16(18),
    bits: 64,
    entry: reader.u64(24),
    flags: reader.u32(48),
    sectionTable: { offset: sectionsAt, count: sectionCount === 0 ? (first?.size ?? 0) : sectionCount },
    segmentTable: { offset: segmentsAt, count: reader.u16(56) },
    sectionNames: names === shn.xindex ? (first?.link ?? 0) : names,
  };
}

function refuseOthers(bytes: Uint8Array): void {
  const identity = identifyFile(bytes);
  if (identity.format === 'other') throw new ObjectFileError('notElf', `it is ${identity.name}`);
  if (identity.format === 'elfPrefix') throw new ObjectFileError('truncated', `it is ${identity.name}`);
  const { bits, endian, machine } = identity.elf;
  if (bits === 0 || endian === 'unknown') throw new ObjectFileError('corrupt', 'its ELF identification makes no sense');
  if (bits !== 64 || endian !== 'little' || (machine !== machineX86_64 && machine !== machineAArch64)) {
    throw new ObjectFileError('unsupported', `it is ${identity.name}; only x86-64 and AArch64 are read`);
  }
}

function checkEntrySize(found: number, expected: number, count: number, what: string): void {
  if (count === 0 || found === expected) return;
  throw new ObjectFileError('corrupt', `its ${what} headers claim ${found} bytes each instead of ${expected}`);
}
