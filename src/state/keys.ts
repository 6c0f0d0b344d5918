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
  // The symbol tells apart what no scope does, such as two instances of one template.
  const forms = variables.map((one) => [...formsOf(one), ...(one.linkageName === null ? [] : [one.linkageName])]);
  const uses = new Map<string, number>();
  for (const one of forms.flat()) uses.set(one, (uses.get(one) ?? 0) + 1);
  return forms.map((own, n) => {
    const number = numbers[n] ?? 0;
    const key = keys[n] ?? '';
    return {
      key: number === 0 ? key : `${key}|${number}`,
      path: own.find((form) => uses.get(form) === 1) ?? `${own.at(-1)}${number === 0 ? '' : `#${number + 1}`}`,
    };
  });
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

/** 0 for the first of its key, 1 for the second, in the order of the source. */
function numberRepeated(variables: readonly Variable[], keys: readonly string[]): readonly number[] {
  const groups = new Map<string, number[]>();
  for (const [n, key] of keys.entries()) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [n]);
    else group.push(n);
  }
  const numbers = new Array<number>(keys.length).fill(0);
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const line = (n: number): number => variables[n]?.place.line ?? 0;
    const inOrder = [...group].sort((a, b) => line(a) - line(b) || a - b);
    for (const [number, n] of inOrder.entries()) numbers[n] = number;
  }
  return numbers;
}

/** Ways to write a variable in a path, the shortest first: `count`, `ns::count`, `tick::count`, `file.c:tick::count`. */
export function formsOf({ name, scope, function: around, unit }: Variable): readonly string[] {
  const named = [...scope.filter((one) => one !== ''), ...(around === null ? [] : [around]), name].join('::');
  const inFile = `${basename(unit)}:${named}`;
  const forms = around === null ? [name, named, inFile] : [named, inFile];
  return [...new Set([...forms, `${unit}:${named}`])];
}
