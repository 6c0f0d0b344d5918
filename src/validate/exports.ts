import { shn } from '../objfile/constants.js';
import type { ElfFile, ElfSymbol } from '../objfile/types.js';
import type { ExportedSymbol, ExportKind, UndefinedSymbol } from './types.js';

/** Marks that linkers export for their own use; which of them appear changes with the linker, not with the source. */
const linkerMarks = new Set(['_init', '_fini', '_edata', '_end', '__bss_start', '_bss_start', 'edata', 'end']);

/** What other libraries can bind to: defined, not local, and visible. */
export function exportedSymbols(file: ElfFile): readonly ExportedSymbol[] {
  return file.dynamicSymbols.filter(isExported).map((symbol) => ({
    name: symbol.name,
    kind: exportKind(file, symbol),
    weak: symbol.bind !== 'global',
    size: symbol.size,
  }));
}

export function isExported(symbol: ElfSymbol): boolean {
  if (!symbol.defined || symbol.name === '' || linkerMarks.has(symbol.name)) return false;
  if (symbol.bind === 'local' || symbol.bind === 'other') return false;
  return symbol.visibility === 'default' || symbol.visibility === 'protected';
}

/** What the loader has to find elsewhere. */
export function undefinedSymbols(file: ElfFile): readonly UndefinedSymbol[] {
  return file.dynamicSymbols
    .filter((symbol) => !symbol.defined && symbol.name !== '' && symbol.bind !== 'local')
    .map((symbol) => ({ name: symbol.name, weak: symbol.bind === 'weak' }));
}

/** Assembly that forgot its `.type` directive leaves symbols without one: the section then tells what they are. */
function exportKind(file: ElfFile, symbol: ElfSymbol): ExportKind {
  if (symbol.type === 'function' || symbol.type === 'ifunc') return 'function';
  if (symbol.type === 'tls') return 'threadLocal';
  if (symbol.section === shn.abs) return 'other';
  if (symbol.type === 'object' || symbol.type === 'common') return 'variable';
  const section = file.sections[symbol.section];
  if (symbol.type !== 'none' || section === undefined || !section.allocated) return 'other';
  return section.executable ? 'function' : 'variable';
}
