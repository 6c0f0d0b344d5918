import { stab } from '../objfile/macho-constants.js';
import type { MachOFile, MachOSymbol } from '../objfile/macho-types.js';
import type { ToImage } from './macho-relocations.js';

/** An object file that a library was linked from, and where its functions and variables came to lie. */
export interface LinkedObject {
  /** As the linker was given it, made absolute. A member of a static library is `libx.a(member.o)`. */
  readonly path: string;
  /** When it was written, in seconds since 1970; 0 where the linker does not say. */
  readonly modified: number;
  /** Addresses in the library by symbol, as it stands in both files. */
  readonly addresses: ReadonlyMap<string, number>;
}

/**
 * What linkers leave for debuggers and dsymutil in the place of debug information (stabs, `mach-o/stab.h`; LLVM, "the
 * debug map"): for each object file with debug information a group that begins with its path and lists its symbols.
 */
export function readDebugMap(file: MachOFile): readonly LinkedObject[] {
  const symbols = file.symbols ?? [];
  // Those that are not exported are local ones in the library, and marked as what they were.
  const isGlobal = ({ external, privateExternal }: MachOSymbol): boolean => external || privateExternal;
  const globals = new Map(symbols.filter((one) => one.kind === 'section' && isGlobal(one)).map(named));
  const found: { readonly path: string; readonly modified: number; readonly addresses: Map<string, number> }[] = [];
  let current: (typeof found)[number] | null = null;
  for (const symbol of symbols) {
    const { name, value } = symbol;
    if (symbol.stab === stab.objectFile && name !== '') {
      current = { path: name, modified: value, addresses: new Map() };
      found.push(current);
    } else if (symbol.stab === stab.source && name === '') current = null;
    else if (current === null || name === '') continue;
    else if (symbol.stab === stab.function || symbol.stab === stab.staticVariable) current.addresses.set(name, value);
    else if (symbol.stab === stab.globalVariable) {
      const address = globals.get(name);
      if (address !== undefined) current.addresses.set(name, address);
    }
  }
  return found;
}

function named({ name, value }: MachOSymbol): readonly [string, number] {
  return [name, value];
}

/** What linkers write for code and data that they left out, in DWARF that is relocated; ranges mean something else by -1. */
const discarded = 2n ** 64n - 2n;

/** Names that assemblers make up; no linker keeps them, and no piece of code begins with one alone. */
const temporary = /^(l_|L|ltmp\d)/;

/**
 * Follows addresses of an object file into the library. Linkers move code and data in pieces, each from one symbol to the
 * next: an address goes where the symbol before it went.
 */
export function translate(object: MachOFile, addresses: ReadonlyMap<string, number>): ToImage {
  const pieces = new Map<number, { readonly start: number; readonly image: number | null }[]>();
  const placed = (object.symbols ?? []).filter(({ kind, name }) => kind === 'section' && !temporary.test(name));
  for (const { name, section, value } of placed.sort((a, b) => a.value - b.value)) {
    const known = pieces.get(section) ?? [];
    pieces.set(section, known);
    const image = addresses.get(name) ?? null;
    const last = known.at(-1);
    // Of several names for one place any that the library knows will do.
    if (last?.start !== value) known.push({ start: value, image });
    else if (last.image === null) known[known.length - 1] = { start: value, image };
  }
  return (section, address) => {
    const piece = lastUpTo(pieces.get(section) ?? [], address);
    return piece === undefined || piece.image === null ? discarded : BigInt(piece.image + (address - piece.start));
  };
}

function lastUpTo<T extends { readonly start: number }>(sorted: readonly T[], address: number): T | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.start ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}
