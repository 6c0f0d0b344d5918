import { pt, sht } from './constants.js';
import { type AddressRange, type SymbolStorage, symbolStorage } from './storage.js';
import type { ElfFile, ElfSection, ElfSymbol } from './types.js';

/** A variable that keeps its value from call to call and can be written, as the symbol table shows it. */
export interface WritableVariable {
  /** `unnamed bytes in .data` for storage no symbol covers. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly threadLocal: boolean;
}

/** A stretch of storage and the symbol it belongs to, or `unnamed bytes in .data`. */
export interface NamedRange extends AddressRange {
  readonly name: string;
}

/**
 * The library's own state: every variable that code can write after loading. Null where there is no symbol table, or
 * one without the local symbols, for then it is unknown. Storage that no symbol covers is reported too (labels of
 * assembly that the assembler dropped), so that an empty answer is a proof.
 */
export function writableVariables(file: ElfFile): readonly WritableVariable[] | null {
  const stateful = statefulSections(file);
  if (stateful.length === 0 && file.sections.length > 0) return [];
  if (file.symbols === null || areLocalsDiscarded(file.symbols)) return null;
  return stateful.flatMap((section) => {
    const inside = symbolStorage(file, section);
    return [...named(section, inside), ...unnamed(file, section, inside)];
  });
}

/** Sections whose bytes code may change after the loader is done. */
export function statefulSections(file: ElfFile): readonly ElfSection[] {
  return file.sections.filter((section) => isStateful(file, section));
}

/**
 * What of a section nobody accounts for, cut into the variables that its symbols name. Padding, and what belongs to the
 * compiler, the linker and the C runtime (guards of C++ statics, pointers to type information) is accounted for.
 */
export function uncoveredStorage(
  file: ElfFile,
  section: ElfSection,
  covered: readonly AddressRange[],
): readonly NamedRange[] {
  const inside = symbolStorage(file, section);
  const runtime = inside.filter((one) => one.runtime);
  // What a symbol names is no padding, however small it is; but one without a size ends where what it names is known to.
  const gaps = gapsOf(section, [...covered, ...runtime, ...typeReferences(file)]);
  const known = new Set(covered.map(({ start }) => start));
  const own = inside.filter((one) => !one.runtime && one.end > one.start && (one.sized || !known.has(one.start)));
  return cut(file, section, gaps, own);
}

/**
 * After `-Wl,-x` and `strip -x` statics have no name. The names of sources (`STT_FILE`) go with them, those of the C
 * runtime too, and unlike other local symbols the linker makes none of its own.
 */
export function areLocalsDiscarded(symbols: readonly ElfSymbol[]): boolean {
  return !symbols.some((symbol) => symbol.type === 'file');
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

function named({ threadLocal }: ElfSection, inside: readonly SymbolStorage[]): readonly WritableVariable[] {
  return inside.filter((one) => !one.runtime).map(({ name, start, end }) => ({ name, size: end - start, threadLocal }));
}

/**
 * Stretches between symbols that cannot be padding: too long for the alignment of what follows, or not zero. The
 * pointers through which clang's exception tables name types have no symbol either, and are not state.
 */
function unnamed(file: ElfFile, section: ElfSection, inside: readonly SymbolStorage[]): readonly WritableVariable[] {
  const isUsed = ({ start, end }: AddressRange): boolean => !isPadding(file, section, start, end);
  if (!gapsOf(section, inside).some(isUsed)) return [];
  const gaps = gapsOf(section, [...inside, ...typeReferences(file)]).filter(isUsed);
  if (gaps.length === 0) return [];
  const size = gaps.reduce((bytes, { start, end }) => bytes + end - start, 0);
  return [{ name: unnamedIn(section), size, threadLocal: section.threadLocal }];
}

function unnamedIn({ name }: ElfSection): string {
  return `unnamed bytes in ${name}`;
}

/** In the order of their addresses. */
function gapsOf(section: ElfSection, covered: readonly AddressRange[]): readonly AddressRange[] {
  const sectionEnd = section.addr + section.size;
  const inOrder = covered.filter(({ start }) => start >= section.addr && start < sectionEnd);
  inOrder.sort((a, b) => a.start - b.start);
  const gaps: AddressRange[] = [];
  let at = section.addr;
  for (const range of [...inOrder, { start: sectionEnd, end: sectionEnd }]) {
    if (range.start > at) gaps.push({ start: at, end: range.start });
    at = Math.max(at, range.end);
  }
  return gaps;
}

/** Splits gaps where the variables in them begin and end; both in the order of their addresses. */
function cut(
  file: ElfFile,
  section: ElfSection,
  gaps: readonly AddressRange[],
  variables: readonly SymbolStorage[],
): readonly NamedRange[] {
  const inOrder = [...variables].sort((a, b) => a.start - b.start || b.end - a.end);
  const found: NamedRange[] = [];
  const nameless = (start: number, end: number): void => {
    if (start < end && !isPadding(file, section, start, end)) found.push({ name: unnamedIn(section), start, end });
  };
  let next = 0;
  for (const { start, end } of gaps) {
    let at = start;
    for (; next < inOrder.length; next++) {
      const one = inOrder[next];
      if (one === undefined || one.start >= end) break;
      if (one.end <= at) continue;
      const from = Math.max(at, one.start);
      nameless(at, from);
      at = Math.min(one.end, end);
      found.push({ name: one.name, start: from, end: at });
      if (one.end > end) break;
    }
    nameless(at, end);
  }
  return found;
}

/** Pointers to C++ type information (`_ZTI...`), which the loader fills in and nobody writes after. */
function typeReferences(file: ElfFile): readonly AddressRange[] {
  const isType = (name: string): boolean => name.startsWith('_ZTI');
  const types = new Set(file.symbols?.filter((symbol) => isType(symbol.name)).map((symbol) => symbol.value));
  return file.relocations
    .filter(({ symbol, addend }) => (symbol === null ? types.has(addend) : isType(symbol.name)))
    .map(({ offset }) => ({ start: offset, end: offset + 8 }));
}

/** Padding ends where the alignment it serves begins, or the section does (which linkers round up to 8), and is zero. */
function isPadding(file: ElfFile, section: ElfSection, from: number, to: number): boolean {
  const length = to - from;
  const alignment = 2 ** Math.ceil(Math.log2(length + 1));
  const atEnd = from > section.addr && to === section.addr + section.size && length < Math.max(section.align, 8);
  const beforeAligned = alignment <= section.align && to % alignment === 0;
  if (!atEnd && !beforeAligned) return false;
  if (section.type === sht.nobits) return true;
  return file
    .sectionData(section)
    .subarray(from - section.addr, to - section.addr)
    .every((byte) => byte === 0);
}
