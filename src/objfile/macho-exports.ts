import { ObjectFileError } from './errors.js';
import { ByteStream } from './leb.js';
import type { MachOFile } from './macho-types.js';

/** What a linked file offers under a name, as the loader sees it. */
export interface MachOExport {
  /** As it stands in the file: C names begin with an underscore. */
  readonly name: string;
  /** Address in the image; 0 for one that is handed on from another library. */
  readonly address: number;
  readonly weak: boolean;
  readonly threadLocal: boolean;
  /** Not an address but a plain number. */
  readonly absolute: boolean;
  /** It comes from another library (`-reexport_library`, aliases). */
  readonly reexported: boolean;
}

/** `EXPORT_SYMBOL_FLAGS_*` (`mach-o/loader.h`). */
const flag = { kindMask: 0x03, threadLocal: 0x01, absolute: 0x02, weak: 0x04, reexport: 0x08 } as const;

/**
 * Names share their beginnings, but all of them together are never many times the size of the trie. What a damaged one
 * spells out must not take for ever.
 */
const budgetFactor = 64;
const budgetFloor = 1 << 20;

/**
 * The names in the export trie (`mach-o/loader.h`, "export_info"), in its order. Empty where there is none. Every node is
 * visited once: one that is reached twice would make a trie that shares its tails, which no linker writes, or never end.
 *
 * @throws ObjectFileError
 */
export function readMachOExports(file: MachOFile): readonly MachOExport[] {
  const place = file.exportsTrie ?? file.dyldInfo?.exports ?? null;
  if (place === null || place.size === 0) return [];
  if (place.offset + place.size > file.bytes.length) {
    throw new ObjectFileError('truncated', `its table of exports should end at byte ${place.offset + place.size}`);
  }
  const bytes = file.bytes.subarray(place.offset, place.offset + place.size);
  const base = file.segments.find((segment) => segment.name === '__TEXT')?.addr ?? 0;
  const found: MachOExport[] = [];
  const seen = new Set<number>([0]);
  let budget = Math.max(budgetFloor, bytes.length * budgetFactor);
  const waiting: { readonly at: number; readonly name: string }[] = [{ at: 0, name: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { at, name } = next;
    const stream = new ByteStream(bytes, 'its exports', at);
    const size = stream.uleb();
    const children = stream.at + size;
    if (children >= bytes.length) throw corrupt('leave their table');
    if (size > 0) found.push(readExport(stream, name, base));
    stream.at = children;
    const count = stream.u8();
    const below: typeof waiting = [];
    for (let child = 0; child < count; child++) {
      const longer = name + stream.text();
      const offset = stream.uleb();
      if (offset >= bytes.length || seen.has(offset)) throw corrupt('lead into each other');
      budget -= longer.length;
      if (budget < 0) throw corrupt('have names of absurd lengths');
      seen.add(offset);
      below.push({ at: offset, name: longer });
    }
    waiting.push(...below.reverse());
  }
  return found;
}

function readExport(stream: ByteStream, name: string, base: number): MachOExport {
  const flags = stream.uleb();
  const kind = flags & flag.kindMask;
  const reexported = (flags & flag.reexport) !== 0;
  const value = reexported ? 0 : stream.uleb();
  const absolute = kind === flag.absolute;
  return {
    name,
    address: reexported || absolute ? value : base + value,
    weak: (flags & flag.weak) !== 0,
    threadLocal: kind === flag.threadLocal,
    absolute,
    reexported,
  };
}

function corrupt(how: string): ObjectFileError {
  return new ObjectFileError('corrupt', `its exports ${how}`);
}
