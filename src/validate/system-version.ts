import { release } from 'node:os';
import type { Target } from '../target/targets.js';

/** The version of macOS that a library may ask for at most. */
export interface SystemVersion {
  /** `11` or `13.4`. */
  readonly version: string;
  /** For a sentence: `this machine`. */
  readonly what: string;
}

/**
 * That of this machine where it runs the target, else the one that the target's triple names; null where neither says.
 *
 * @param kernel version of Darwin, whose major number goes with that of macOS.
 */
export function systemVersionOf({ triple, name, runs }: Target, kernel = release()): SystemVersion | null {
  if (runs.how === 'native') {
    const version = macosOf(Number(kernel.split('.')[0]));
    return version === null ? null : { version, what: 'this machine' };
  }
  const version = /macosx?(\d+(?:\.\d+)*)/.exec(triple)?.[1];
  return version === undefined ? null : { version, what: `the target ${name}` };
}

/** Darwin 20 is macOS 11, and so on; Apple counts in years since Darwin 25, which is macOS 26. Minor versions are open. */
function macosOf(darwin: number): string | null {
  if (!Number.isInteger(darwin) || darwin < 20) return null;
  return `${darwin >= 25 ? darwin + 1 : darwin - 9}.999`;
}

export function isNewer(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => text.split('.').map(Number));
  for (let n = 0; n < 3; n++) {
    const difference = (a?.[n] ?? 0) - (b?.[n] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
