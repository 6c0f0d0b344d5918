import type { ElfFile, ElfSymbol } from '../objfile/types.js';
import type { FunctionSymbol, Storage } from './types.js';

/** The symbol table as the transfer of state needs it. */
export interface SymbolView {
  readonly functions: ReadonlyMap<string, FunctionSymbol>;
  readonly vtables: ReadonlyMap<string, Storage>;
  /** Guards of C++ statics by the name of their variable's symbol: `_ZGVfoo` guards `_Zfoo`. */
  readonly guards: ReadonlyMap<string, Storage>;
  /** Symbols of variables by address. */
  readonly variables: ReadonlyMap<number, ElfSymbol>;
}

/**
 * Names that stand for one thing in both builds: global and weak symbols by name, local ones with the source that the
 * `STT_FILE` symbol before them names. Two of one name are left out, because nobody could say which is which.
 */
export function viewSymbols(file: ElfFile): SymbolView {
  const functions = new Map<string, FunctionSymbol | null>();
  const vtables = new Map<string, Storage>();
  const guards = new Map<string, Storage>();
  const variables = new Map<number, ElfSymbol>();
  let source = '';
  for (const symbol of file.symbols ?? file.dynamicSymbols) {
    if (symbol.type === 'file') source = symbol.name;
    if (!symbol.defined || symbol.name === '') continue;
    const { name, value: address, size } = symbol;
    if (symbol.type === 'function') {
      const key = symbol.bind === 'local' ? `${source}:${name}` : name;
      const known = functions.get(key);
      functions.set(key, known === undefined || known?.address === address ? { address, name } : null);
    } else if (symbol.type === 'object' || symbol.type === 'common' || symbol.type === 'none') {
      if (name.startsWith('_ZTV')) vtables.set(name, { address, size });
      else if (name.startsWith('_ZGV')) guards.set(`_Z${name.slice(4)}`, { address, size: Math.max(size, 1) });
      // Of several names for one place the global one is the same in every build.
      const before = variables.get(address);
      if (size > 0 && (before === undefined || before.bind === 'local')) variables.set(address, symbol);
    }
  }
  const unique = [...functions].flatMap(([name, one]) => (one === null ? [] : [[name, one] as const]));
  return { functions: new Map(unique), vtables, guards, variables };
}
