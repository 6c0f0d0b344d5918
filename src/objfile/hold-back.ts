import { dt, pt, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { fileOffset } from './segments.js';
import type { ElfFile } from './types.js';

/** Bytes that take the place of others in a copy of a file. */
export interface FilePatch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * What has to change in a copy of a library for the loader to leave these undefined symbols alone, and to call no
 * constructor: both are done once it is loaded (host/engine/imports.h). The symbols become weak, which leaves their places
 * empty (gABI chapter 4, "Symbol Binding"); the entries of the dynamic section that name constructors get numbers that mean
 * nothing to loaders.
 *
 * @throws ObjectFileError where the file's tables do not lie in it.
 */
export function holdBackPatches(file: ElfFile, symbols: ReadonlySet<string>): readonly FilePatch[] {
  const table = file.dynamic?.value(dt.symtab);
  const offset = table === undefined ? undefined : fileOffset(file.segments, table, size.symbol);
  const dynamic = file.segments.find((segment) => segment.type === pt.dynamic);
  if (file.dynamic === null || offset === undefined || dynamic === undefined) {
    throw new ObjectFileError('corrupt', 'it has no dynamic symbols');
  }
  const weakened = file.dynamicSymbols
    .filter((symbol) => !symbol.defined && symbols.has(symbol.name))
    .map((symbol): FilePatch => {
      const place = offset + symbol.index * size.symbol + infoOffset;
      return { offset: place, bytes: Uint8Array.of(weak | ((file.bytes[place] ?? 0) & 15)) };
    });
  const heldBack = file.dynamic.entries.flatMap(({ tag }, index): readonly FilePatch[] => {
    const held = heldTags.get(tag);
    return held === undefined ? [] : [{ offset: dynamic.offset + index * size.dynamic, bytes: littleEndian64(held) }];
  });
  return [...weakened, ...heldBack];
}

/** `st_info`: the binding in the upper half, the type in the lower. */
const infoOffset = 4;
const weak = 2 << 4;

/** `HOT_DT_*` of host/engine/imports.h. */
const heldTags: ReadonlyMap<number, number> = new Map([
  [dt.init, 0x60486d01],
  [dt.initArray, 0x60486d02],
  [dt.initArraySize, 0x60486d03],
]);

function littleEndian64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
