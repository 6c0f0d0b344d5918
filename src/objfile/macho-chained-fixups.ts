import { ByteReader } from './bytes.js';
import { ObjectFileError } from './errors.js';
import type { FileRange, MachOFile, MachOFixup, MachOSegment } from './macho-types.js';
import { stringTable } from './strings.js';

/** Of `mach-o/fixup-chains.h`. Addresses are those of the image, or count from its start. */
const pointerFormat = { absolute64: 2, offset64: 6 } as const;
const noFixups = 0xffff;
const stride = 4;

interface Import {
  readonly name: string;
  readonly addend: number;
  readonly weak: boolean;
}

/**
 * The chains through the pages of each segment (`mach-o/fixup-chains.h`). Every link leads on within its page, so that
 * a chain ends. Authenticated pointers, those of arm64e, are refused.
 *
 * @throws ObjectFileError
 */
export function readChainedFixups(file: MachOFile, place: FileRange): readonly MachOFixup[] {
  const whole = new ByteReader(file.bytes);
  const reader = new ByteReader(whole.slice(place.offset, place.size, 'its chained fixups'));
  if (reader.u32(0) !== 0) throw unsupported(`version ${reader.u32(0)}`);
  const imports = readImports(reader);
  const base = file.segments.find((segment) => segment.name === '__TEXT')?.addr ?? 0;
  const starts = reader.u32(4);
  const count = reader.u32(starts);
  if (count > file.segments.length) throw new ObjectFileError('corrupt', 'it chains more segments than it has');
  const found: MachOFixup[] = [];
  for (let n = 0; n < count; n++) {
    const offset = reader.u32(starts + 4 + n * 4);
    const segment = file.segments[n];
    if (offset === 0 || segment === undefined) continue;
    for (const at of placesIn(file, segment, reader, starts + offset)) found.push(readFixup(whole, at, imports, base));
  }
  return found;
}

interface ChainPlace {
  readonly address: number;
  /** In the file. */
  readonly offset: number;
  readonly format: number;
}

/** `dyld_chained_starts_in_segment`. */
function* placesIn(file: MachOFile, segment: MachOSegment, reader: ByteReader, at: number): Generator<ChainPlace> {
  const [pageSize, format, pages] = [reader.u16(at + 4), reader.u16(at + 6), reader.u16(at + 20)];
  if (format !== pointerFormat.absolute64 && format !== pointerFormat.offset64) throw unsupported(`format ${format}`);
  const view = new ByteReader(file.bytes);
  for (let page = 0; page < pages; page++) {
    const start = reader.u16(at + 22 + page * 2);
    if (start === noFixups) continue;
    for (let within = start; within < pageSize; ) {
      const inSegment = page * pageSize + within;
      if (inSegment + 8 > segment.fileSize)
        throw new ObjectFileError('corrupt', 'a chain of fixups leaves its segment');
      const offset = segment.offset + inSegment;
      yield { address: segment.addr + inSegment, offset, format };
      // Bits 51 to 62 of the word: how many steps of four bytes the next one is away; 0 at the end.
      const next = (view.u32(offset + 4) >>> 19) & 0xfff;
      if (next === 0) break;
      within += next * stride;
    }
  }
}

/** `dyld_chained_ptr_64_rebase` and `dyld_chained_ptr_64_bind`. */
function readFixup(
  reader: ByteReader,
  { address, offset, format }: ChainPlace,
  imports: readonly Import[],
  base: number,
): MachOFixup {
  const [low, high] = [reader.u32(offset), reader.u32(offset + 4)];
  if (high >>> 31 === 0) {
    const target = low + (high & 0xf) * 2 ** 32;
    return {
      address,
      target: { kind: 'address', address: format === pointerFormat.offset64 ? base + target : target },
    };
  }
  const wanted = imports[low & 0xffffff];
  if (wanted === undefined) throw new ObjectFileError('corrupt', 'a fixup names an import that is not there');
  return { address, target: { ...wanted, kind: 'symbol', addend: wanted.addend + (low >>> 24) } };
}

/** `DYLD_CHAINED_IMPORT`, `..._ADDEND` and `..._ADDEND64`. */
function readImports(reader: ByteReader): readonly Import[] {
  const [place, names, count, format] = [reader.u32(8), reader.u32(12), reader.u32(16), reader.u32(20)];
  if (reader.u32(24) !== 0) throw unsupported('compressed names');
  const size = [0, 4, 8, 16][format];
  if (size === undefined || size === 0) throw unsupported(`imports of format ${format}`);
  reader.need(place, count * size, 'its table of imports');
  if (names > reader.length) throw new ObjectFileError('corrupt', 'the names of its imports lie outside');
  const strings = stringTable(reader.bytes.subarray(names));
  return Array.from({ length: count }, (_, n) => {
    const at = place + n * size;
    const first = reader.u32(at);
    const wide = format === 3;
    const nameAt = wide ? reader.u32(at + 4) : first >>> 9;
    const addend = format === 1 ? 0 : wide ? reader.i64(at + 8) : reader.u32(at + 4) | 0;
    const weak = ((first >>> (wide ? 16 : 8)) & 1) !== 0;
    return { name: strings.at(nameAt), addend, weak };
  });
}

function unsupported(what: string): ObjectFileError {
  return new ObjectFileError('unsupported', `its chained fixups are of a kind that is not read (${what})`);
}
