import { pt, sht } from './constants.js';
import type { ElfFile, ElfSection, ElfSymbol } from './types.js';

/** A variable that keeps its value from call to call and can be written, as the symbol table shows it. */
export interface WritableVariable {
  /** `unnamed bytes in .data` for storage no symbol covers. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly threadLocal: boolean;
}

/** Addresses of the image, the end not included. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The library's own state: every variable that code can write after loading. Null where there is no symbol table, or
 * one without the local symbols, for then it is unknown. Storage that no symbol covers is reported too (labels of assembly that the assembler dropped), so
 * that an empty answer is a proof.
 */
export function writableVariables(file: ElfFile): readonly WritableVariable[] | null {
  const stateful = statefulSections(file);
  if (stateful.length === 0 && file.sections.length > 0) return [];
  if (file.symbols === null || areLocalsDiscarded(file.symbols)) return null;
  const all = place(file, file.symbols);
  return stateful.flatMap((section) => {
    const inside = all.filter((placed) => isStorage(placed, section));
    return [...named(section, inside), ...unnamed(file, section, inside)];
  });
}

/** Sections whose bytes code may change after the loader is done. */
export function statefulSections(file: ElfFile): readonly ElfSection[] {
  return file.sections.filter((section) => isStateful(file, section));
}

/**
 * Addresses in a section that belong to the compiler, the linker and the C runtime and are no state: their own variables,
 * guards of C++ statics, pointers to type information.
 */
export function runtimeStorage(file: ElfFile, section: ElfSection): readonly AddressRange[] {
  const inside = place(file, file.symbols ?? []).filter((placed) => isStorage(placed, section));
  const own = inside.filter(isRuntime).map((placed) => ({
    start: placed.address,
    end: section.addr + endOf(placed, section, inside),
  }));
  return [...own, ...typeReferences(file).map((start) => ({ start, end: start + 8 }))];
}

/** Whether bytes between two variables are only there so that the second is aligned. */
export function isPaddingBetween(file: ElfFile, section: ElfSection, { start, end }: AddressRange): boolean {
  return isPadding(file, section, start - section.addr, end - section.addr);
}

/** The first named symbol of a stretch of a section; null where there is none. */
export function symbolInside(file: ElfFile, section: ElfSection, { start, end }: AddressRange): string | null {
  const inside = place(file, file.symbols ?? []).filter((placed) => isStorage(placed, section));
  return inside.find(({ address }) => address >= start && address < end)?.symbol.name ?? null;
}

/**
 * After `-Wl,-x` and `strip -x` statics have no name. The names of sources (`STT_FILE`) go with them, those of the C
 * runtime too, and unlike other local symbols the linker makes none of its own.
 */
export function areLocalsDiscarded(symbols: readonly ElfSymbol[]): boolean {
  return !symbols.some((symbol) => symbol.type === 'file');
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

/** Tables of the loader, the linker and the C runtime; writable where a library is linked without relro. */
const runtimeSections =
  /^\.(dynamic|got|got\.plt|plt|(pre)?init_array|fini_array|ctors|dtors|jcr|tm_clone_table|data\.rel\.ro|relro_padding)(\..*)?$/;

function isStateful(file: ElfFile, section: ElfSection): boolean {
  if (!section.writable || !section.allocated || section.size === 0 || runtimeSections.test(section.name)) return false;
  if (section.threadLocal) return true;
  return !file.segments.some(
    (segment) =>
      segment.type === pt.gnuRelro &&
      section.addr >= segment.addr &&
      section.addr + section.size <= segment.addr + segment.memorySize,
  );
}

/** Untyped symbols count, because assembly has them; those at the very end are marks of the linker. */
function isStorage({ symbol, address }: Placed, section: ElfSection): boolean {
  if (symbol.section !== section.index || symbol.name === '') return false;
  if (symbol.type === 'object' || symbol.type === 'tls' || symbol.type === 'common') return true;
  return symbol.type === 'none' && !untypedMarks.test(symbol.name) && address - section.addr < section.size;
}

/** Linker marks, and the mapping symbols of AArch64 (ELF for the Arm 64-bit Architecture, section 5.5.5). */
const untypedMarks = /^(_?end|_?edata|_*bss_start_*|_*bss_end_*|__end__|_*data_start|\$[dx](\..*)?)$/;

function named(section: ElfSection, inside: readonly Placed[]): readonly WritableVariable[] {
  return inside
    .filter((placed) => !isRuntime(placed))
    .map((placed) => ({
      name: placed.symbol.name,
      size: endOf(placed, section, inside) - (placed.address - section.addr),
      threadLocal: section.threadLocal,
    }));
}

/**
 * Variables that a compiler or the C runtime put there. `completed.0` only counts as the runtime's where it comes from
 * the runtime's own source: a static named `completed` in a user's function has the same name.
 */
function isRuntime({ symbol, source }: Placed): boolean {
  if (source === 'crtstuff.c') return true;
  return /^(__dso_handle|__TMC_END__|_DYNAMIC|_GLOBAL_OFFSET_TABLE_|_ZStL8__ioinit|_ZGV.*|DW\.ref\..*)$/.test(
    symbol.name,
  );
}

/**
 * Stretches between symbols that cannot be padding: too long for the alignment of what follows, or not zero. The
 * pointers through which clang's exception tables name types have no symbol either, and are not state.
 */
function unnamed(file: ElfFile, section: ElfSection, inside: readonly Placed[]): readonly WritableVariable[] {
  const covered = inside.map((placed) => ({
    start: placed.address - section.addr,
    end: endOf(placed, section, inside),
  }));
  if (uncoveredBytes(file, section, covered) === 0) return [];
  const references = typeReferences(file).map((address) => ({
    start: address - section.addr,
    end: address - section.addr + 8,
  }));
  const size = uncoveredBytes(file, section, [...covered, ...references]);
  return size === 0 ? [] : [{ name: `unnamed bytes in ${section.name}`, size, threadLocal: section.threadLocal }];
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function uncoveredBytes(file: ElfFile, section: ElfSection, covered: readonly Range[]): number {
  let at = 0;
  let bytes = 0;
  const inOrder = covered.filter((range) => range.start >= 0 && range.start < section.size);
  inOrder.sort((a, b) => a.start - b.start);
  for (const range of [...inOrder, { start: section.size, end: section.size }]) {
    if (range.start > at && !isPadding(file, section, at, range.start)) bytes += range.start - at;
    at = Math.max(at, range.end);
  }
  return bytes;
}

/** Addresses of pointers to C++ type information (`_ZTI...`), which the loader fills in and nobody writes after. */
function typeReferences(file: ElfFile): readonly number[] {
  const isType = (name: string): boolean => name.startsWith('_ZTI');
  const types = new Set(file.symbols?.filter((symbol) => isType(symbol.name)).map((symbol) => symbol.value));
  return file.relocations
    .filter(({ symbol, addend }) => (symbol === null ? types.has(addend) : isType(symbol.name)))
    .map((relocation) => relocation.offset);
}

/** Padding ends where the alignment it serves begins, or the section does (which linkers round up to 8), and is zero. */
function isPadding(file: ElfFile, section: ElfSection, from: number, to: number): boolean {
  const length = to - from;
  const alignment = 2 ** Math.ceil(Math.log2(length + 1));
  const atEnd = from > 0 && to === section.size && length < Math.max(section.align, 8);
  const beforeAligned = alignment <= section.align && (section.addr + to) % alignment === 0;
  if (!atEnd && !beforeAligned) return false;
  if (section.type === sht.nobits) return true;
  return file
    .sectionData(section)
    .subarray(from, to)
    .every((byte) => byte === 0);
}

/**
 * Offset in the section at which a symbol's storage ends. One without a size reaches to the next; `__dso_handle` is
 * declared without and is one pointer.
 */
function endOf({ symbol, address }: Placed, section: ElfSection, inside: readonly Placed[]): number {
  const start = address - section.addr;
  if (symbol.size > 0) return start + symbol.size;
  if (symbol.name === '__dso_handle') return start + 8;
  if (symbol.type !== 'none') return start;
  const later = inside.map((other) => other.address - section.addr).filter((other) => other > start);
  return Math.min(section.size, ...later);
}
