import type { ByteReader } from './bytes.js';
import { dt, shn, sht, size } from './constants.js';
import { ObjectFileError } from './errors.js';
import { fileOffset } from './segments.js';
import { readSymbolTable } from './symbols.js';
import type { ElfDynamic, ElfSection, ElfSegment, ElfSymbol } from './types.js';
import { readVersions } from './versions.js';

/**
 * The symbols the loader works with (gABI chapter 5, "Dynamic Section", DT_SYMTAB). The format gives their place but
 * not their number: that comes from the section header, or, in files without one, from the hash table.
 */
export function readDynamicSymbols(
  reader: ByteReader,
  dynamic: ElfDynamic | null,
  sections: readonly ElfSection[],
  segments: readonly ElfSegment[],
): readonly ElfSymbol[] {
  const address = dynamic?.value(dt.symtab);
  if (dynamic === null || address === undefined) return [];
  const offset = fileOffset(segments, address, size.symbol);
  if (offset === undefined)
    throw new ObjectFileError('corrupt', 'its dynamic symbol table is outside the loaded image');

  const section = sections.find((candidate) => candidate.type === sht.dynsym && candidate.offset === offset);
  const count =
    section === undefined
      ? countFromHash(reader, dynamic, segments)
      : checkedCount(section.size, section.entsize, section.name);
  reader.need(offset, count * size.symbol, 'the dynamic symbol table');
  return readSymbolTable(reader, {
    offset,
    count,
    strings: dynamic.strings,
    extendedIndex: () => shn.xindex,
    version: readVersions(reader, dynamic, segments, count),
  });
}

function checkedCount(bytes: number, entrySize: number, name: string): number {
  if (entrySize === size.symbol && bytes % size.symbol === 0) return bytes / size.symbol;
  throw new ObjectFileError('corrupt', `its symbol table ${name} has a wrong entry size`);
}

/** gABI chapter 5, "Hash Table": `nchain` is the number of symbols. Without one there is the GNU form. */
function countFromHash(reader: ByteReader, dynamic: ElfDynamic, segments: readonly ElfSegment[]): number {
  const hash = place(dynamic.value(dt.hash), segments);
  if (hash !== undefined) return reader.u32(hash + 4);
  const gnu = place(dynamic.value(dt.gnuHash), segments);
  if (gnu !== undefined) return countFromGnuHash(reader, gnu);
  throw new ObjectFileError('corrupt', 'it has neither section headers nor a hash table to count its symbols with');
}

/**
 * DT_GNU_HASH: four words (buckets, first hashed symbol, bloom words, shift), the bloom filter, the buckets, then one
 * word a symbol, whose lowest bit ends a chain. The last symbol is the end of the chain of the highest bucket.
 */
function countFromGnuHash(reader: ByteReader, at: number): number {
  const buckets = reader.u32(at);
  const first = reader.u32(at + 4);
  const bucketsAt = at + 16 + reader.u32(at + 8) * 8;
  reader.need(bucketsAt, buckets * 4, 'the symbol hash table');
  let last = 0;
  for (let i = 0; i < buckets; i++) last = Math.max(last, reader.u32(bucketsAt + i * 4));
  if (last < first) return first;
  const chainsAt = bucketsAt + buckets * 4;
  // Each step reads further on in the file, so the end of the file bounds the loop.
  while ((reader.u32(chainsAt + (last - first) * 4) & 1) === 0) last++;
  return last + 1;
}

function place(address: number | undefined, segments: readonly ElfSegment[]): number | undefined {
  return address === undefined ? undefined : fileOffset(segments, address, 8);
}
