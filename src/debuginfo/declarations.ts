import { at } from './constants.js';
import { declarationOf, type Entry } from './entry.js';
import type { DescribedUnit, Located, Program } from './program-types.js';

const mostDeclarations = 8;

/**
 * An entry, then what it completes or is a copy of, and so on: a method defined outside its class, the code of an inline
 * function, a static member (DWARF 5, sections 2.13.2 and 3.3.8). What an entry does not say, the next one may.
 */
export function withDeclarations(program: Program, unit: DescribedUnit, entry: Entry): readonly Located[] {
  const all: Located[] = [{ unit, entry }];
  for (let last = all[0]; last !== undefined && all.length < mostDeclarations; last = all.at(-1)) {
    const reference = declarationOf(last.entry);
    if (reference === null) break;
    all.push(program.follow(reference));
  }
  return all;
}

/** The first of them that has an attribute; the last one, which declares it, where none has. */
export function firstWith(all: readonly Located[], attribute: number): Located | undefined {
  return all.find((one) => one.entry.has(attribute)) ?? all.at(-1);
}

/** What a type is called, which gcc may say only where it is declared. */
export function typeNameOf(program: Program, unit: DescribedUnit, entry: Entry): string | null {
  const name = entry.string(at.name);
  return name !== null || !entry.has(at.specification) ? name : textOf(withDeclarations(program, unit, entry), at.name);
}

export function textOf(all: readonly Located[], ...attributes: readonly number[]): string | null {
  for (const attribute of attributes) {
    for (const { entry } of all) {
      const text = entry.string(attribute);
      if (text !== null) return text;
    }
  }
  return null;
}
