import { at, tag } from './constants.js';
import { declarationOf, type Entry, type Reference } from './entry.js';
import { DebugInfoError } from './errors.js';
import { enclosing, positionOf } from './index-entries.js';
import type { DescribedUnit, Located, Scope, UnitBody } from './program-types.js';

interface Entries {
  entry(unit: DescribedUnit, offset: number): Entry;
  follow(reference: Reference): Located;
}

const outermost: Scope = { names: [], types: [], function: null };

const types: ReadonlySet<number> = new Set([
  tag.namespace,
  tag.structureType,
  tag.classType,
  tag.unionType,
  tag.enumerationType,
]);

/** More than sources nest; only scopes that lie in themselves come here. */
const deepest = 512;

/**
 * Finds scopes, each worked out once: a unit has far fewer of them than entries. A function's scope is that of its
 * declaration (a method defined outside its class), an inlined copy's that of its origin.
 */
export function createScopes(program: Entries): (unit: DescribedUnit, offset: number) => Scope {
  const scopeAround = (unit: DescribedUnit, offset: number, depth: number): Scope => {
    if (depth > deepest) throw new DebugInfoError('damaged', 'a scope lies in itself');
    const { body } = unit;
    const position = positionOf(body.index, offset);
    // A type that is defined elsewhere than it was declared (gcc) belongs where it was declared.
    const declared = types.has(body.index.tags[position] ?? 0)
      ? program.entry(body, offset).reference(at.specification)
      : null;
    if (declared !== null) {
      const found = program.follow(declared);
      return scopeAround(found.unit, found.entry.offset, depth + 1);
    }
    const parent = enclosing(body.index, offset);
    return parent < 0 ? outermost : scopeInside(body, parent, depth);
  };

  const scopeInside = (body: UnitBody, position: number, depth: number): Scope => {
    const found = body.scopes.get(position);
    if (found !== undefined) return found;
    if (depth > deepest) throw new DebugInfoError('damaged', 'a scope lies in itself');
    const made = makeScope(body, position, depth + 1);
    body.scopes.set(position, made);
    return made;
  };

  const makeScope = (unit: UnitBody, position: number, depth: number): Scope => {
    const kind = unit.index.tags[position] ?? 0;
    const entry = program.entry(unit, unit.index.offsets[position] ?? 0);
    if (kind === tag.subprogram) return insideFunction(unit, entry, depth);
    if (!types.has(kind)) return scopeAround(unit, entry.offset, depth);
    const named = withName({ unit, entry });
    const around = scopeAround(named.unit, named.entry.offset, depth);
    const name = named.entry.string(at.name) ?? '';
    return { names: [...around.names, name], types: [...around.types, name], function: around.function };
  };

  /** Where a type's name is: in a type unit, classes around its type may be no more than a reference (clang). */
  const withName = ({ unit, entry }: Located): Located => {
    const reference = entry.has(at.name) ? null : (entry.reference(at.signature) ?? entry.reference(at.specification));
    return reference === null ? { unit, entry } : program.follow(reference);
  };

  const insideFunction = (unit: DescribedUnit, entry: Entry, depth: number): Scope => {
    const declared = declarationOf(entry);
    if (declared !== null) {
      const origin = program.follow(declared);
      return { ...insideFunctionAt(origin.unit, origin.entry, depth), function: { unit, entry } };
    }
    const around = scopeAround(unit, entry.offset, depth);
    return {
      names: [...around.names, entry.string(at.name) ?? ''],
      types: around.types,
      function: { unit, entry },
    };
  };

  const insideFunctionAt = (unit: DescribedUnit, entry: Entry, depth: number): Scope => {
    if (depth > deepest) throw new DebugInfoError('damaged', 'a function is declared by itself');
    return insideFunction(unit, entry, depth + 1);
  };

  return (unit, offset) => scopeAround(unit, offset, 0);
}
