import type { DebugFunction, DebugInfo } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { declare } from '../layout/type-name.js';
import type { SignatureChange } from './types.js';

/**
 * Exported functions of both builds whose parameters or result differ, structs included that they pass or point to.
 *
 * @param exported symbols of the new build.
 */
export function compareSignatures(
  before: DebugInfo,
  after: DebugInfo,
  exported: ReadonlySet<string>,
): readonly SignatureChange[] {
  const { same } = createTypeComparer();
  const old = byName(before);
  return after.functions.flatMap((now): readonly SignatureChange[] => {
    const then = old.get(symbolOf(now));
    if (!exported.has(symbolOf(now)) || then === undefined || same(then.type, now.type)) return [];
    const change = { name: now.name, before: signatureOf(then), after: signatureOf(now), place: now.place };
    return [now.linkageName === null ? change : { ...change, symbol: now.linkageName }];
  });
}

/** `int add(int, long)`. */
export function signatureOf({ name, type }: DebugFunction): string {
  return declare(type, name);
}

function byName({ functions }: DebugInfo): ReadonlyMap<string, DebugFunction> {
  return new Map(functions.filter((one) => one.external).map((one) => [symbolOf(one), one]));
}

function symbolOf({ linkageName, name }: DebugFunction): string {
  return linkageName ?? name;
}
