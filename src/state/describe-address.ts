import type { StateModel } from './types.js';

export interface AddressTarget {
  /** `the function tick`, `city+16`, `0x1f40`. */
  readonly text: string;
  readonly isFunction: boolean;
}

/** What stands at an address of a library's file, for a message. */
export function describeAddress(model: StateModel, address: bigint): AddressTarget {
  const at = Number(address);
  for (const { address: start, name } of model.functions.values()) {
    if (start === at) return { text: name, isFunction: true };
  }
  const variable = model.variables.find((one) => at >= one.address && at < one.address + one.size);
  if (variable !== undefined) {
    const offset = at - variable.address;
    return { text: offset === 0 ? variable.path : `${variable.path}+${offset}`, isFunction: false };
  }
  const untyped = model.untyped.find((one) => at >= one.address && at < one.address + one.size);
  return { text: untyped?.name ?? `address 0x${at.toString(16)}`, isFunction: false };
}
