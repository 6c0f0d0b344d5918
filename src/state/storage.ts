import { sizeOf } from '../debuginfo/size-of.js';
import type { Variable } from '../debuginfo/types.js';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import { statefulSections, uncoveredStorage } from '../objfile/writable.js';
import type { SymbolView } from './symbols.js';
import type { Storage, UntypedStorage } from './types.js';

/** A variable of the debug information and the bytes it takes. */
export interface PlacedVariable extends Storage {
  readonly variable: Variable;
  readonly section: ElfSection;
  /** Bytes that are accounted for by it: gcc reserves one for a variable without any. */
  readonly covers: number;
}

/**
 * The variables that lie in the image, in the order of the debug information, one for each address. Their bytes are those
 * of the type, or of the symbol where the type does not say (a flexible array) or says less than there is (a struct
 * whose flexible array was initialised). One whose type contradicts the file is left out, and its storage is then untyped.
 */
export function placeVariables(
  file: ElfFile,
  variables: readonly Variable[],
  symbols: SymbolView,
): readonly PlacedVariable[] {
  const sections = file.sections.filter((section) => section.allocated && section.size > 0 && !section.threadLocal);
  const byAddress = new Map<number, PlacedVariable>();
  let section: ElfSection | undefined;
  for (const variable of variables) {
    if (variable.threadLocal || variable.type.kind === 'void') continue;
    const { address } = variable;
    // The next variable mostly lies in the section of the last one.
    if (section === undefined || !lies(address, section)) section = sections.find((one) => lies(address, one));
    if (section === undefined) continue;
    const ofType = sizeOf(variable.type);
    const ofSymbol = largest(symbols, address);
    // A variable without bytes (`int none[0]`) may stand where another begins, whose symbol is not its own.
    const size = ofType === 0 ? 0 : Math.max(ofType ?? 0, ofSymbol);
    const contradicts = ofSymbol > 0 && size > ofSymbol;
    if (contradicts || address + size > section.addr + section.size) continue;
    const known = byAddress.get(address);
    // A compiler gives what has no bytes one all the same, where it gives it a symbol of its own.
    const covers = size === 0 && ofSymbol <= 1 ? 1 : size;
    if (known === undefined || known.size < size) byAddress.set(address, { variable, section, address, size, covers });
  }
  return [...byAddress.values()];
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
    .map(({ address, covers }) => ({ start: address, end: address + covers }));
  return uncoveredStorage(file, section, typed).map(({ name, start, end }) => ({
    name,
    address: start,
    size: end - start,
  }));
}

function lies(address: number, section: ElfSection): boolean {
  return address >= section.addr && address < section.addr + section.size;
}

function largest(symbols: SymbolView, address: number): number {
  let size = 0;
  for (const symbol of symbols.variables.get(address) ?? []) size = Math.max(size, symbol.size);
  return size;
}
