import type { DebugFunction } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { declare } from '../layout/type-name.js';
import type { SignatureChange, StateModel } from './types.js';

/**
 * Exported functions of both builds whose parameters or result differ, structs included that they pass or point to. Weak
 * ones do not count: of templates and inline functions every user has a copy of its own.
 */
export function compareSignatures(before: StateModel, after: StateModel): readonly SignatureChange[] {
  const symbols = [...after.exported.keys()].filter((symbol) => before.exported.has(symbol));
  const { same } = createTypeComparer();
  const old = functionsOf(before, symbols);
  return [...functionsOf(after, symbols)].flatMap(([symbol, now]): readonly SignatureChange[] => {
    const then = old.get(symbol);
    if (then === undefined || same(then.type, now.type)) return [];
    const change = { name: now.name, before: signatureOf(then), after: signatureOf(now), place: now.place };
    return [symbol === now.name ? change : { ...change, symbol }];
  });
}

/** `int add(int, long)`. */
export function signatureOf({ name, type }: DebugFunction): string {
  return declare(type, name);
}

/** What debug information says of symbols: by address, because names of functions are many, and costly to read. */
function functionsOf({ debug, exported }: StateModel, symbols: readonly string[]): ReadonlyMap<string, DebugFunction> {
  if (debug === null || symbols.length === 0) return new Map();
  const functions = debug.functionsAt(new Set(symbols.map((symbol) => exported.get(symbol) ?? 0)));
  return new Map(
    symbols.flatMap((symbol) => {
      const found = (functions.get(exported.get(symbol) ?? 0) ?? []).filter((one) => one.external);
      const own = found.find((one) => (one.linkageName ?? one.name) === symbol) ?? found[0];
      return own === undefined ? [] : [[symbol, own] as const];
    }),
  );
}
