import { pt } from './constants.js';
import type { ElfFile, ElfSection, ElfSymbol } from './types.js';

/** Addresses of the image, the end not included. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** What a symbol says about the storage in a section. */
export interface SymbolStorage extends AddressRange {
  readonly name: string;
  /** False where the symbol does not say where it ends, and it is taken to reach to the next one. */
  readonly sized: boolean;
  /** It belongs to the compiler, the linker or the C runtime. */
  readonly runtime: boolean;
}

/** Storage in a section that has a name, in the order of the symbol table. */
export function symbolStorage(file: ElfFile, section: ElfSection): readonly SymbolStorage[] {
  const inside = place(file, file.symbols ?? []).filter((placed) => isStorage(placed, section));
  const starts = [...new Set(inside.map(({ address }) => address))].sort((a, b) => a - b);
  return inside.map((placed) => ({
    name: placed.symbol.name,
    sized: placed.symbol.size > 0,
    start: placed.address,
    end: endOf(placed, section, starts),
    runtime: isRuntime(placed),
  }));
}

interface Placed {
  readonly symbol: ElfSymbol;
  /** Address in the image; thread-local symbols count from the start of the TLS segment (gABI chapter 5). */
  readonly address: number;
  /** Name of the last `STT_FILE` symbol before it, which is the source it comes from where it is local. */
  readonly source: string;
}

function place(file: ElfFile, symbols: readonly ElfSymbol[]): readonly Placed[] {
  const threadStart = file.segments.find((segment) => segment.type === pt.tls)?.addr ?? 0;
  let source = '';
  return symbols.map((symbol) => {
    if (symbol.type === 'file') source = symbol.name;
    const address = symbol.type === 'tls' ? threadStart + symbol.value : symbol.value;
    return { symbol, address, source: symbol.bind === 'local' ? source : '' };
  });
}

/** Untyped symbols count, because assembly has them; those at the very end are marks of the linker. */
function isStorage({ symbol, address }: Placed, section: ElfSection): boolean {
  if (symbol.section !== section.index || symbol.name === '') return false;
  if (symbol.type === 'object' || symbol.type === 'tls' || symbol.type === 'common') return true;
  return symbol.type === 'none' && !untypedMarks.test(symbol.name) && address - section.addr < section.size;
}

/** Linker marks, and the mapping symbols of AArch64 (ELF for the Arm 64-bit Architecture, section 5.5.5). */
const untypedMarks = /^(_?end|_?edata|_*bss_start_*|_*bss_end_*|__end__|_*data_start|\$[dx](\..*)?)$/;

/**
 * `_dyld_private` is a word that lazy binding needs; linkers for Mach-O put it among the data. The last two are what libgcc and compiler-rt found out about an ARM64 processor, for
 * atomics that use its best instructions.
 */
const runtimeNames =
  /^(__dso_handle|__TMC_END__|_DYNAMIC|_GLOBAL_OFFSET_TABLE_|_ZStL8__ioinit|_ZGV.*|__tls_guard|DW\.ref\..*|_dyld_private|__aarch64_have_lse_atomics|__aarch64_cpu_features)$/;

/**
 * Variables that a compiler or the C runtime put there. `completed.0` only counts as the runtime's where it comes from
 * the runtime's own source: a static named `completed` in a user's function has the same name. Guards go with the
 * variables they guard.
 */
function isRuntime({ symbol, source }: Placed): boolean {
  if (source === 'crtstuff.c') return true;
  return runtimeNames.test(symbol.name);
}

/** One without a size reaches to the next; `__dso_handle` is declared without and is one pointer. */
function endOf({ symbol, address }: Placed, section: ElfSection, starts: readonly number[]): number {
  if (symbol.size > 0) return address + symbol.size;
  if (symbol.name === '__dso_handle') return address + 8;
  if (symbol.type !== 'none') return address;
  return Math.min(section.addr + section.size, firstAbove(starts, address));
}

function firstAbove(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] ?? Number.POSITIVE_INFINITY;
}
