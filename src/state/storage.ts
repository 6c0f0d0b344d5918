import { sizeOf } from '../debuginfo/size-of.js';
import type { Variable } from '../debuginfo/types.js';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import { isPaddingBetween, runtimeStorage, statefulSections, symbolInside } from '../objfile/writable.js';
import type { SymbolView } from './symbols.js';
import type { Storage, UntypedStorage } from './types.js';

/** A variable of the debug information and the bytes it takes. */
export interface PlacedVariable extends Storage {
  readonly variable: Variable;
  readonly section: ElfSection;
}

/**
 * Bytes of a variable: of its type, or of its symbol where the type does not say (a flexible array) or says less than
 * there is (a struct whose flexible array was initialised).
 */
export function placeVariables(
  file: ElfFile,
  variables: readonly Variable[],
  symbols: SymbolView,
): readonly PlacedVariable[] {
  const sections = file.sections.filter((section) => section.allocated && section.size > 0 && !section.threadLocal);
  const byAddress = new Map<number, PlacedVariable>();
  for (const variable of variables) {
    if (variable.threadLocal) continue;
    const { address } = variable;
    const section = sections.find((one) => address >= one.addr && address < one.addr + one.size);
    if (section === undefined) continue;
    const size = Math.max(sizeOf(variable.type) ?? 0, symbols.variables.get(address)?.size ?? 0);
    const known = byAddress.get(address);
    // A variable without a size (`int none[0]`) may stand where another begins.
    if (known === undefined || known.size < size) byAddress.set(address, { variable, section, address, size });
  }
  return [...byAddress.values()].sort((a, b) => a.address - b.address);
}

/** Writable bytes that neither a typed variable nor the runtime accounts for. */
export function untypedStorage(file: ElfFile, placed: readonly PlacedVariable[]): readonly UntypedStorage[] {
  return statefulSections(file)
    .filter((section) => !section.threadLocal)
    .flatMap((section) => untypedIn(file, section, placed));
}

function untypedIn(file: ElfFile, section: ElfSection, placed: readonly PlacedVariable[]): readonly UntypedStorage[] {
  const typed = placed
    .filter((one) => one.section.index === section.index)
    .map(({ address, size }) => ({ start: address, end: address + size }));
  const covered = [...typed, ...runtimeStorage(file, section)].sort((a, b) => a.start - b.start);
  const end = section.addr + section.size;
  const found: UntypedStorage[] = [];
  let at = section.addr;
  for (const range of [...covered, { start: end, end }]) {
    const gap = { start: at, end: Math.min(range.start, end) };
    if (gap.end > gap.start && !isPaddingBetween(file, section, gap)) {
      const name = symbolInside(file, section, gap) ?? `unnamed bytes in ${section.name}`;
      found.push({ name, address: gap.start, size: gap.end - gap.start });
    }
    at = Math.max(at, range.end);
  }
  return found;
}
