import type { ElfFile, ElfSymbol } from '../objfile/types.js';
import type { FunctionSymbol, Storage } from './types.js';

/** The symbol table as the transfer of state needs it. */
export interface SymbolView {
  readonly functions: ReadonlyMap<string, FunctionSymbol>;
  readonly vtables: ReadonlyMap<string, Storage>;
  /** Guards of C++ statics by the address of what they guard. */
  readonly guards: ReadonlyMap<number, Storage>;
  /** Symbols of variables by address; aliases share one. */
  readonly variables: ReadonlyMap<number, readonly ElfSymbol[]>;
}

/**
 * Names that stand for one thing in both builds: global and weak symbols by name, local functions with the source that the
 * `STT_FILE` symbol before them names. Two of one name are left out, because nobody could say which is which.
 */
export function viewSymbols(file: ElfFile): SymbolView {
  const functions = new Map<string, Located | null>();
  const vtables: Located[] = [];
  const guards: Located[] = [];
  const variables = new Map<number, ElfSymbol[]>();
  const byName = new Map<string, number>();
  let source = '';
  for (const symbol of file.symbols ?? file.dynamicSymbols) {
    if (symbol.type === 'file') source = symbol.name;
    if (!symbol.defined || symbol.name === '') continue;
    if (symbol.type === 'function') {
      const located = locate(symbol, source);
      const known = functions.get(located.key);
      const clashes = known !== undefined && known?.symbol.value !== symbol.value;
      functions.set(located.key, clashes ? null : located);
    } else if (isData(symbol)) {
      if (symbol.name.startsWith('_ZTV')) vtables.push(locate(symbol, source));
      else if (symbol.name.startsWith('_ZGV')) guards.push(locate(symbol, source));
      // Only C++ has guards.
      if (symbol.name.startsWith('_Z')) byName.set(locate(symbol, source).key, symbol.value);
      // Symbols have no size in Mach-O; the name of a C++ static tells which function it is of all the same.
      if (symbol.size === 0 && !symbol.name.startsWith('_ZZ')) continue;
      const known = variables.get(symbol.value);
      if (known === undefined) variables.set(symbol.value, [symbol]);
      else known.push(symbol);
    }
  }
  return {
    functions: functionsOf(functions),
    vtables: tablesOf(vtables),
    guards: guardsOf(guards, byName),
    variables,
  };
}

/**
 * Whether a symbol stands for one thing in the whole library. Linkers make hidden ones local, but some leave their
 * visibility as it was.
 */
export function isShared({ bind, visibility }: ElfSymbol): boolean {
  return bind !== 'local' || visibility !== 'default';
}

interface Located {
  readonly symbol: ElfSymbol;
  /** Its name, with the source where it is local. */
  readonly key: string;
}

function isData({ type }: ElfSymbol): boolean {
  return type === 'object' || type === 'common' || type === 'none';
}

/** GNU ld lists what was hidden after a source without a name. */
function locate(symbol: ElfSymbol, source: string): Located {
  return { symbol, key: isShared(symbol) || source === '' ? symbol.name : `${source}:${symbol.name}` };
}

function functionsOf(found: ReadonlyMap<string, Located | null>): ReadonlyMap<string, FunctionSymbol> {
  const functions = new Map<string, FunctionSymbol>();
  for (const [key, one] of found) {
    if (one !== null) functions.set(key, { address: one.symbol.value, name: one.symbol.name });
  }
  return functions;
}

/** Classes in anonymous namespaces have local tables; only where several are called the same does the source count. */
function tablesOf(found: readonly Located[]): ReadonlyMap<string, Storage> {
  const places = new Map<string, Set<number>>();
  for (const { symbol } of found) {
    places.set(symbol.name, (places.get(symbol.name) ?? new Set<number>()).add(symbol.value));
  }
  return new Map(
    found.map(({ symbol, key }) => {
      const alone = places.get(symbol.name)?.size === 1;
      return [alone ? symbol.name : key, { address: symbol.value, size: symbol.size }];
    }),
  );
}

/** Itanium C++ ABI 5.1.5.2: `_ZGVZ4tickvE5count` guards `_ZZ4tickvE5count`, in the same source. */
function guardsOf(guards: readonly Located[], byName: ReadonlyMap<string, number>): ReadonlyMap<number, Storage> {
  const found = new Map<number, Storage>();
  for (const { symbol, key } of guards) {
    const owner = byName.get(key.slice(0, key.length - symbol.name.length) + symbol.name.replace('_ZGV', '_Z'));
    if (owner !== undefined) found.set(owner, { address: symbol.value, size: Math.max(symbol.size, 1) });
  }
  return found;
}
