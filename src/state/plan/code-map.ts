import type { StateModel } from '../types.js';
import type { PlanParts } from './operations.js';

/** Itanium C++ ABI 2.5.2: a table without virtual bases begins with the offset to top and the type information. */
const firstAddressPoint = 16;

/** Where code and virtual tables of the old build are in the new one, and which of its bytes never change. */
export function mapCode(before: StateModel, after: StateModel): Pick<PlanParts, 'functions' | 'constants'> {
  const byAddress = new Map<number, number>();
  for (const [name, { address }] of before.functions) {
    const to = after.functions.get(name)?.address ?? 0;
    // Of several names for one function any that is still there will do.
    if (to !== 0 || !byAddress.has(address)) byAddress.set(address, to);
  }
  for (const [name, old] of before.vtables) {
    const now = after.vtables.get(name);
    // Tables of several bases follow one another, and where one grows the others move: then only the first is sure.
    const alike = now?.size === old.size;
    for (let offset = 0; offset < old.size; offset += 8) {
      const to = now !== undefined && (alike || offset === firstAddressPoint) ? now.address + offset : 0;
      byAddress.set(old.address + offset, to);
    }
  }
  return {
    functions: [...byAddress].map(([from, to]) => ({ from, to })),
    constants: before.constants.map(({ address, size }) => ({ from: address, length: size })),
  };
}

/** Functions of the module's own sources that the new build does not have. */
export function goneFunctions(before: StateModel, after: StateModel): readonly string[] {
  const own = new Map((before.debug?.functions ?? []).map((one) => [one.address, one.name]));
  return [...before.functions]
    .filter(([name, { address }]) => !after.functions.has(name) && own.has(address))
    .map(([, { address, name }]) => own.get(address) ?? name);
}
