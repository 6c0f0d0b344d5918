import type { DebugFunction, DebugInfo } from '../debuginfo/types.js';
import { createTypeComparer } from '../layout/same.js';
import { declare } from '../layout/type-name.js';
import type { SignatureChange } from './types.js';

/**
 * Exported functions of both builds whose parameters or result differ, structs that they pass included.
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
    const name = now.linkageName ?? now.name;
    const then = old.get(name);
    if (!exported.has(name) || then === undefined || same(then.type, now.type)) return [];
    return [{ name: now.name, before: signatureOf(then), after: signatureOf(now), place: now.place }];
  });
}

/** `int add(int, long)`. */
export function signatureOf({ name, type }: DebugFunction): string {
  return declare(type, name);
}

function byName({ functions }: DebugInfo): ReadonlyMap<string, DebugFunction> {
  return new Map(functions.filter((one) => one.external).map((one) => [one.linkageName ?? one.name, one]));
}
