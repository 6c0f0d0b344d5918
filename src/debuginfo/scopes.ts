import { at, tag } from './constants.js';
import { declarationOf, type Entry, type Reference } from './entry.js';
import { DebugInfoError } from './errors.js';
import { enclosing, positionOf } from './index-entries.js';
import type { Located, OpenUnit } from './open-unit.js';

/** What lies around an entry. */
export interface Scope {
  /** Names of namespaces, types and functions, from the outside; '' for those without a name. */
  readonly names: readonly string[];
  /** The same without functions. */
  readonly types: readonly string[];
  /** The innermost function. */
  readonly function: Located | null;
}

interface Entries {
  entry(unit: OpenUnit, offset: number): Entry;
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
export function createScopes(program: Entries): (unit: OpenUnit, offset: number) => Scope {
  const known = new Map<OpenUnit, Map<number, Scope>>();

  const scopeAround = (unit: OpenUnit, offset: number, depth: number): Scope => {
    if (depth > deepest) throw new DebugInfoError('damaged', 'a scope lies in itself');
    const position = positionOf(unit.index, offset);
    // A type that is defined elsewhere than it was declared (gcc) belongs where it was declared.
    const declared = types.has(unit.index.tags[position] ?? 0)
      ? program.entry(unit, offset).reference(at.specification)
      : null;
    if (declared !== null) {
      const found = program.follow(declared);
      return scopeAround(found.unit, found.entry.offset, depth + 1);
    }
    const parent = enclosing(unit.index, offset);
    return parent < 0 ? outermost : scopeInside(unit, parent, depth);
  };

  const scopeInside = (unit: OpenUnit, position: number, depth: number): Scope => {
    let ofUnit = known.get(unit);
    if (ofUnit === undefined) {
      ofUnit = new Map();
      known.set(unit, ofUnit);
    }
    const found = ofUnit.get(position);
    if (found !== undefined) return found;
    if (depth > deepest) throw new DebugInfoError('damaged', 'a scope lies in itself');
    const made = makeScope(unit, position, depth + 1);
    ofUnit.set(position, made);
    return made;
  };

  const makeScope = (unit: OpenUnit, position: number, depth: number): Scope => {
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

  const insideFunction = (unit: OpenUnit, entry: Entry, depth: number): Scope => {
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

  const insideFunctionAt = (unit: OpenUnit, entry: Entry, depth: number): Scope => {
    if (depth > deepest) throw new DebugInfoError('damaged', 'a function is declared by itself');
    return insideFunction(unit, entry, depth + 1);
  };

  return (unit, offset) => scopeAround(unit, offset, 0);
}
