import type { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import { identifyFile } from './identify.js';
import { cpuType, machOMagic, machOSize } from './macho-constants.js';
import type { MachOHeader, MachOMachine, MachOType } from './macho-types.js';

const types: ReadonlyMap<number, MachOType> = new Map([
  [1, 'object'],
  [2, 'executable'],
  [6, 'dylib'],
  [8, 'bundle'],
  [10, 'dsym'],
]);

/** `mach_header_64`. */
export function readMachOHeader(reader: ByteReader): MachOHeader {
  refuseOthers(reader);
  reader.need(0, machOSize.header, 'the Mach-O header');
  const machine = machineOf(reader.u32(4));
  if (machine === null) {
    throw new ObjectFileError('unsupported', 'it is a Mach-O file for another machine than x86-64 and arm64');
  }
  return {
    type: types.get(reader.u32(12)) ?? 'other',
    machine,
    cpuSubtype: reader.u32(8) & 0xffffff,
    flags: reader.u32(24),
  };
}

export function machineOf(number: number): MachOMachine | null {
  if (number === cpuType.x86_64) return 'x86_64';
  return number === cpuType.arm64 ? 'arm64' : null;
}

function refuseOthers(reader: ByteReader): void {
  if (reader.length < 4) throw new ObjectFileError('truncated', `it has only ${reader.length} bytes`);
  switch (reader.u32(0)) {
    case machOMagic.thin64:
      return;
    case machOMagic.thin32:
      throw new ObjectFileError('unsupported', 'it is a 32-bit Mach-O file; only 64-bit ones are read');
    case machOMagic.swapped64:
    case machOMagic.swapped32:
      throw new ObjectFileError('unsupported', 'it is a big-endian Mach-O file; only little-endian ones are read');
    default: {
      const { name } = identifyFile(reader.bytes);
      throw new ObjectFileError('notMachO', `it is ${name}`);
    }
  }
}
