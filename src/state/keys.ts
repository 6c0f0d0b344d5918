import { basename } from 'node:path';
import type { Variable } from '../debuginfo/types.js';
import type { ElfSymbol } from '../objfile/types.js';
import { isShared } from './symbols.js';

/** What one variable is matched by and called. */
export interface Naming {
  readonly key: string;
  readonly path: string;
}

/**
 * Names for all variables of a library. The key is the same in every build as long as nobody renames or moves the
 * variable: the symbol for those that other sources see, source and name for statics, function and name for statics of a
 * function. Where a function has several of one name, a number after `|` tells them apart, in the order of the source:
 * addresses would change places as soon as one of them got an initial value.
 *
 * @param symbolsOf the symbols at a variable's address.
 */
export function nameVariables(
  variables: readonly Variable[],
  symbolsOf: (variable: Variable) => readonly ElfSymbol[],
): readonly Naming[] {
  const keys = variables.map((variable) => keyOf(variable, symbolOf(variable, symbolsOf(variable))));
  const numbers = numberRepeated(variables, keys);
  const paths = shortestPaths(variables, numbers);
  return keys.map((key, n) => {
    const number = numbers.get(n) ?? 0;
    return { key: number === 0 ? key : `${key}|${number}`, path: paths[n] ?? '' };
  });
}

/** Ways to write a variable in a path, the shortest first: `count`, `ns::count`, `tick::count`, `file.c:tick::count`. */
export function formsOf(variable: Variable): readonly string[] {
  const forms = lengths.map((form) => form(variable));
  return [...new Set(forms.filter((form) => form !== null))];
}

/** Null where a variable has no form of this length. */
const lengths: readonly ((variable: Variable) => string | null)[] = [
  (variable) => (variable.function === null ? variable.name : null),
  (variable) => qualified(variable),
  (variable) => `${basename(variable.unit)}:${qualified(variable)}`,
  (variable) => `${variable.unit}:${qualified(variable)}`,
];

function qualified({ name, scope, function: around }: Variable): string {
  if (scope.length === 0) return around === null ? name : `${around}::${name}`;
  return [...scope.filter((one) => one !== ''), ...(around === null ? [] : [around]), name].join('::');
}

/**
 * For each variable the shortest form that is nobody else's; most have one of the first length, and no other is made.
 * Those that only their order tells apart are called `tick::n` and `tick::n#2`, overloads `f::n#1` and `f::n#2`.
 */
function shortestPaths(variables: readonly Variable[], numbers: ReadonlyMap<number, number>): readonly string[] {
  const paths: string[] = [];
  const taken = new Set<string>();
  let left: readonly number[] = [...variables.keys()];
  // The symbol tells apart what no scope does.
  for (const form of [...lengths, (variable: Variable) => variable.linkageName]) {
    const owners = new Map<string, number | null>();
    const again: number[] = [];
    for (const n of left) {
      const variable = variables[n];
      const plain = variable === undefined ? null : form(variable);
      const number = numbers.get(n) ?? 0;
      const own = plain === null || number === 0 ? plain : `${plain}#${number + 1}`;
      if (own !== null && !owners.has(own) && !taken.has(own)) owners.set(own, n);
      else {
        again.push(n);
        const other = own === null ? null : owners.get(own);
        if (own !== null && other !== undefined && other !== null) again.push(other);
        if (own !== null) owners.set(own, null);
      }
    }
    for (const [own, n] of owners) {
      taken.add(own);
      if (n !== null) paths[n] = own;
    }
    left = again;
    if (left.length === 0) break;
  }
  for (const n of left) {
    const variable = variables[n];
    const own = variable === undefined ? '' : qualified(variable);
    let count = 1;
    while (taken.has(`${own}#${count}`)) count++;
    taken.add(`${own}#${count}`);
    paths[n] = `${own}#${count}`;
  }
  return paths;
}

/** Of aliases for one place the variable's own name counts, and otherwise one that is global, as in every build. */
function symbolOf({ linkageName, name }: Variable, symbols: readonly ElfSymbol[]): ElfSymbol | undefined {
  const own = linkageName ?? name;
  return symbols.find((one) => one.name === own) ?? symbols.find(isShared) ?? symbols[0];
}

function keyOf(variable: Variable, symbol: ElfSymbol | undefined): string {
  const { name, unit } = variable;
  const scope = variable.scope.join('::');
  const shared = symbol !== undefined && isShared(symbol);
  if (variable.function !== null) {
    const around = enclosingFunction(symbol?.name ?? '', name) ?? `${scope}|${variable.function}`;
    // A static of an inline function is one variable in all sources, and so is its symbol.
    return `local|${shared ? '' : unit}|${around}|${name}`;
  }
  if (shared) return `global|${symbol.name}`;
  // GNU ld makes hidden symbols like any local one; what is in an anonymous namespace is never seen from elsewhere.
  if (variable.external && !variable.scope.includes('')) return `global|${variable.linkageName ?? name}`;
  return `static|${unit}|${scope}|${name}`;
}

/**
 * The part of a static's symbol that names its function with the types of its parameters, so that overloads are told
 * apart (Itanium C++ ABI 5.1.6): `_ZZ4tickiE` of `_ZZ4tickiE5count_0`. Compilers number closures and types without a
 * name, and these numbers change when another is inserted: what follows the first of them is left out. Null for C.
 */
function enclosingFunction(symbol: string, name: string): string | null {
  if (!symbol.startsWith('_ZZ')) return null;
  const end = symbol.lastIndexOf(`E${name.length}${name}`);
  const around = end < 0 ? symbol : symbol.slice(0, end + 1);
  const closure = /\d+\$_|U[lt]/.exec(around);
  return closure === null ? around : around.slice(0, closure.index);
}

/** By index: 1 for the second of its key in the order of the source, 2 for the third. */
function numberRepeated(variables: readonly Variable[], keys: readonly string[]): ReadonlyMap<number, number> {
  const first = new Map<string, number>();
  const groups = new Map<string, number[]>();
  for (const [n, key] of keys.entries()) {
    const before = first.get(key);
    if (before === undefined) first.set(key, n);
    else {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [before, n]);
      else group.push(n);
    }
  }
  const numbers = new Map<number, number>();
  for (const group of groups.values()) {
    const line = (n: number): number => variables[n]?.place.line ?? 0;
    const inOrder = group.toSorted((a, b) => line(a) - line(b) || a - b);
    for (const [number, n] of inOrder.entries()) if (number > 0) numbers.set(n, number);
  }
  return numbers;
}
