import { ObjectFileError } from './errors.js';
import { ByteStream } from './leb.js';
import type { FileRange, MachOFile, MachOFixup, MachOSegment } from './macho-types.js';

/** `REBASE_OPCODE_*` and `BIND_OPCODE_*` (`mach-o/loader.h`): the operation in the upper four bits, a number in the lower. */
const rebaseCode = {
  done: 0x00,
  setType: 0x10,
  setSegmentAndOffset: 0x20,
  addAddress: 0x30,
  addAddressScaled: 0x40,
  doTimes: 0x50,
  doManyTimes: 0x60,
  doAndAdd: 0x70,
  doTimesSkipping: 0x80,
} as const;

const bindCode = {
  done: 0x00,
  setOrdinal: 0x10,
  setOrdinalWide: 0x20,
  setOrdinalSpecial: 0x30,
  setSymbol: 0x40,
  setType: 0x50,
  setAddend: 0x60,
  setSegmentAndOffset: 0x70,
  addAddress: 0x80,
  doBind: 0x90,
  doAndAdd: 0xa0,
  doAndAddScaled: 0xb0,
  doTimesSkipping: 0xc0,
} as const;

const weakImport = 0x1;
const word = 8;

/** Words that hold an address of the image; the address stands in them. @throws ObjectFileError */
export function readRebases(file: MachOFile, place: FileRange): readonly MachOFixup[] {
  const stream = streamOf(file, place, 'its rebase codes');
  const found: MachOFixup[] = [];
  const cursor = new PlaceCursor(file);
  const take = (times: number, skip = 0): void => {
    for (let n = 0; n < times; n++) {
      found.push({ address: cursor.address, target: { kind: 'address', address: cursor.word() } });
      cursor.advance(word + skip);
    }
  };
  while (!stream.ended) {
    const byte = stream.u8();
    const low = byte & 0x0f;
    switch (byte & 0xf0) {
      case rebaseCode.done:
        return found;
      case rebaseCode.setType:
        break;
      case rebaseCode.setSegmentAndOffset:
        cursor.set(low, stream.uleb());
        break;
      case rebaseCode.addAddress:
        cursor.advance(stream.distance());
        break;
      case rebaseCode.addAddressScaled:
        cursor.advance(low * word);
        break;
      case rebaseCode.doTimes:
        take(low);
        break;
      case rebaseCode.doManyTimes:
        take(stream.uleb());
        break;
      case rebaseCode.doAndAdd:
        take(1);
        cursor.advance(stream.distance());
        break;
      case rebaseCode.doTimesSkipping: {
        const times = stream.uleb();
        take(times, stream.distance());
        break;
      }
      default:
        throw new ObjectFileError('corrupt', `its rebase codes hold the unknown code 0x${byte.toString(16)}`);
    }
  }
  return found;
}

/** Words that take the address of a symbol. Lazy ones end after each symbol, and the next one follows. @throws ObjectFileError */
export function readBinds(file: MachOFile, place: FileRange): readonly MachOFixup[] {
  const stream = streamOf(file, place, 'its bind codes');
  const found: MachOFixup[] = [];
  const cursor = new PlaceCursor(file);
  let name = '';
  let weak = false;
  let addend = 0;
  const take = (times = 1, skip = 0): void => {
    for (let n = 0; n < times; n++) {
      cursor.word();
      found.push({ address: cursor.address, target: { kind: 'symbol', name, addend, weak } });
      cursor.advance(word + skip);
    }
  };
  while (!stream.ended) {
    const byte = stream.u8();
    const low = byte & 0x0f;
    switch (byte & 0xf0) {
      case bindCode.done:
      case bindCode.setOrdinal:
      case bindCode.setOrdinalSpecial:
      case bindCode.setType:
        break;
      case bindCode.setOrdinalWide:
        stream.uleb();
        break;
      case bindCode.setSymbol:
        weak = (low & weakImport) !== 0;
        name = stream.text();
        break;
      case bindCode.setAddend:
        addend = stream.sleb();
        break;
      case bindCode.setSegmentAndOffset:
        cursor.set(low, stream.uleb());
        break;
      case bindCode.addAddress:
        cursor.advance(stream.distance());
        break;
      case bindCode.doBind:
        take();
        break;
      case bindCode.doAndAdd:
        take();
        cursor.advance(stream.distance());
        break;
      case bindCode.doAndAddScaled:
        take();
        cursor.advance(low * word);
        break;
      case bindCode.doTimesSkipping: {
        const times = stream.uleb();
        take(times, stream.distance());
        break;
      }
      default:
        throw new ObjectFileError('corrupt', `its bind codes hold the unknown code 0x${byte.toString(16)}`);
    }
  }
  return found;
}

/** The place that the codes have come to. Reading at it checks that it lies in its segment. */
class PlaceCursor {
  readonly #file: MachOFile;
  #segment: MachOSegment | null = null;
  #offset = 0;
  /** Each fixup has bytes of its own, so that a file holds no more of them than it has words; codes that loop end here. */
  #left: number;

  constructor(file: MachOFile) {
    this.#file = file;
    this.#left = file.bytes.length / 4;
  }

  get address(): number {
    return (this.#segment?.addr ?? 0) + this.#offset;
  }

  set(segment: number, offset: number): void {
    this.#segment = this.#file.segments[segment] ?? null;
    this.#offset = offset;
  }

  advance(bytes: number): void {
    this.#offset += bytes;
  }

  word(): number {
    const segment = this.#segment;
    if (--this.#left < 0) throw new ObjectFileError('corrupt', 'it has more places to fill in than bytes');
    if (segment === null || this.#offset < 0 || this.#offset + word > segment.fileSize) {
      throw new ObjectFileError('corrupt', 'the loader would have to write outside of its segments');
    }
    const at = segment.offset + this.#offset;
    const { bytes } = this.#file;
    if (at + word > bytes.length) throw new ObjectFileError('truncated', 'a segment is longer than the file');
    return Number(new DataView(bytes.buffer, bytes.byteOffset + at, word).getBigUint64(0, true));
  }
}

function streamOf({ bytes }: MachOFile, { offset, size }: FileRange, what: string): ByteStream {
  if (size > 0 && offset + size > bytes.length) {
    throw new ObjectFileError('truncated', `${what} should end at byte ${offset + size}`);
  }
  return new ByteStream(size === 0 ? new Uint8Array() : bytes.subarray(offset, offset + size), what);
}
