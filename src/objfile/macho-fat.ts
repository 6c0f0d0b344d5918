import { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import { machOMagic, machOSize } from './macho-constants.js';
import { machineOf } from './macho-header.js';
import type { MachOMachine } from './macho-types.js';

/** One machine's part of a universal file. */
export interface MachOSlice {
  /** Null for a machine that this reader does not know. */
  readonly machine: MachOMachine | null;
  /** For messages: `arm64`, `arm64e`, `cpu type 12`. */
  readonly name: string;
  /** A window into the file. */
  readonly bytes: Uint8Array;
}

/**
 * The slices of a Mach-O file: those of a universal one (`mach-o/fat.h`, both forms), or the whole of any other file as
 * the only one.
 *
 * @throws ObjectFileError
 */
export function machOSlices(bytes: Uint8Array): readonly MachOSlice[] {
  const reader = new ByteReader(bytes);
  const magic = bytes.length < 4 ? 0 : reader.u32(0);
  if (magic !== machOMagic.fat && magic !== machOMagic.fat64) return [wholeFile(reader)];
  const count = big32(reader, 4);
  const size = magic === machOMagic.fat64 ? machOSize.fatArch64 : machOSize.fatArch;
  reader.need(machOSize.fatHeader, count * size, `the table of ${count} machines`);
  if (count === 0) throw new ObjectFileError('corrupt', 'it is a universal file for no machine');
  return Array.from({ length: count }, (_, index) =>
    readSlice(reader, machOSize.fatHeader + index * size, magic === machOMagic.fat64),
  );
}

/** A thin file whose header is too short is refused by whoever reads it. */
function wholeFile(reader: ByteReader): MachOSlice {
  const known = reader.length >= 12;
  const cpu = known ? reader.u32(4) : 0;
  return { machine: machineOf(cpu), name: nameOf(cpu, known ? reader.u32(8) : 0), bytes: reader.bytes };
}

/** `fat_arch` and `fat_arch_64`. */
function readSlice(reader: ByteReader, at: number, wide: boolean): MachOSlice {
  const cpu = big32(reader, at);
  const [offset, size] = wide
    ? [big64(reader, at + 8), big64(reader, at + 16)]
    : [big32(reader, at + 8), big32(reader, at + 12)];
  const name = nameOf(cpu, big32(reader, at + 4));
  return { machine: machineOf(cpu), name, bytes: reader.slice(offset, size, `the part for ${name}`) };
}

function nameOf(cpu: number, subtype: number): string {
  const machine = machineOf(cpu);
  if (machine === null) return `cpu type ${cpu}`;
  return machine === 'arm64' && (subtype & 0xffffff) === 2 ? 'arm64e' : machine;
}

function big32(reader: ByteReader, offset: number): number {
  const { buffer, byteOffset } = reader.slice(offset, 4, 'the header of a universal file');
  return new DataView(buffer, byteOffset).getUint32(0);
}

function big64(reader: ByteReader, offset: number): number {
  return big32(reader, offset) * 2 ** 32 + big32(reader, offset + 4);
}
