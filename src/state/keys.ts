import { basename } from 'node:path';
import type { Variable } from '../debuginfo/types.js';
import type { ElfSymbol } from '../objfile/types.js';

/** What one variable is matched by and called. */
export interface Naming {
  readonly key: string;
  readonly path: string;
}

/**
 * Names for all variables of a library. The key is the same in every build as long as nobody renames or moves the
 * variable: the symbol for those that other sources see, source and name for statics, function and name for statics of a
 * function, with a number where a function has several of one name.
 *
 * @param symbolOf the symbol at a variable's address.
 */
export function nameVariables(
  variables: readonly Variable[],
  symbolOf: (variable: Variable) => ElfSymbol | undefined,
): readonly Naming[] {
  const ordinals = new Map<string, number>();
  const keys = variables.map((variable) => {
    const key = keyOf(variable, symbolOf(variable));
    const ordinal = ordinals.get(key) ?? 0;
    ordinals.set(key, ordinal + 1);
    return ordinal === 0 ? key : `${key}|${ordinal}`;
  });
  const forms = variables.map(formsOf);
  const uses = new Map<string, number>();
  for (const one of forms.flat()) uses.set(one, (uses.get(one) ?? 0) + 1);
  return forms.map((own, n) => ({
    key: keys[n] ?? '',
    path: own.find((form) => uses.get(form) === 1) ?? own.at(-1) ?? '',
  }));
}

function keyOf(variable: Variable, symbol: ElfSymbol | undefined): string {
  const scope = variable.scope.join('::');
  const visible = symbol !== undefined && symbol.bind !== 'local';
  // A static of an inline function is one variable in all sources, and its symbol is global too.
  if (visible) return `global|${symbol.name}`;
  if (variable.external && symbol === undefined)
    return `global|${variable.linkageName ?? `${scope}::${variable.name}`}`;
  return variable.function === null
    ? `static|${variable.unit}|${scope}|${variable.name}`
    : `local|${variable.unit}|${scope}|${variable.function}|${variable.name}`;
}

/** Ways to write a variable in a path, the shortest first: `count`, `ns::count`, `tick::count`, `file.c:tick::count`. */
export function formsOf({ name, scope, function: around, unit }: Variable): readonly string[] {
  const named = [...scope.filter((one) => one !== ''), ...(around === null ? [] : [around]), name].join('::');
  const inFile = `${basename(unit)}:${named}`;
  const forms = around === null ? [name, named, inFile] : [named, inFile];
  return [...new Set([...forms, `${unit}:${named}`])];
}
