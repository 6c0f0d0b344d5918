import type { AssessedExport, AssessRequest, LoadedModule, Remark } from './types.js';

/**
 * Exports of one kind that the new version no longer has, as HM403 (functions) and HM408 (variables) tell them. Weak
 * ones count only where somebody imports them by name: they are C++ inline functions and templates, of which every user
 * has a copy, and they come and go with each edit.
 *
 * A loaded dependent that imports the symbol makes it UNSAFE: it would go on calling into the version that leaves, or
 * could not be loaded again. So does a dependent whose imports are unknown.
 */
export function remarkDisappeared(
  request: AssessRequest,
  isOfKind: (symbol: AssessedExport) => boolean,
  what: string,
): readonly Remark[] {
  const { previous, library } = request;
  if (previous === null || library === null) return [];
  const now = new Set(library.exports.filter(isOfKind).map((symbol) => symbol.name));
  const others = request.loaded.filter((module) => module.name !== request.module);

  return previous.library.exports
    .filter((symbol) => isOfKind(symbol) && !now.has(symbol.name))
    .flatMap((symbol): readonly Remark[] => {
      const users = others.filter((module) => mayImport(module, symbol, request.module));
      if (users.length === 0 && symbol.weak) return [];
      return [remark(symbol.name, users, what)];
    });
}

function mayImport(module: LoadedModule, symbol: AssessedExport, provider: string): boolean {
  if (!module.dependencies.includes(provider)) return false;
  return module.imports === null ? !symbol.weak : module.imports.includes(symbol.name);
}

function remark(symbol: string, users: readonly LoadedModule[], what: string): Remark {
  const names = users.map((user) => user.name).join(', ');
  const known = users.some((user) => user.imports !== null);
  const effect = users.length === 0 ? '' : known ? `, and it is used by ${names}` : `, and it may be used by ${names}`;
  return {
    level: users.length === 0 ? 'WARNING' : 'UNSAFE',
    message: `the exported ${what} ${symbol} disappeared${effect}`,
    where: symbol,
  };
}
