import type { DebugFunction, DebugInfo } from '../debuginfo/types.js';
import { exitCode, HotmodError } from '../errors.js';
import { qualifiedName, signatureOf } from './signature.js';

/**
 * The function that a user means: by its name in the source (`scale`, `geo::scale`), by its symbol, or, where the name
 * alone is unique, without its namespaces. Overloads are told apart by their number of arguments.
 *
 * @throws HotmodError HM540 where none is exported under the name, or several could be meant.
 */
export function findFunction(info: DebugInfo, name: string, argumentCount: number): DebugFunction {
  const exported = unique(info.functions.filter((fn) => fn.external));
  const matches = [
    (fn: DebugFunction) => (fn.linkageName ?? fn.name) === name,
    (fn: DebugFunction) => qualifiedName(fn) === name,
    (fn: DebugFunction) => fn.name === name,
  ];
  for (const match of matches) {
    const found = exported.filter(match);
    const fitting = found.filter((fn) => fn.type.parameters.length === argumentCount);
    const [only, ...others] = found.length > 1 && fitting.length > 0 ? fitting : found;
    if (only !== undefined && others.length === 0) return only;
    if (only !== undefined) throw ambiguous(name, [only, ...others]);
  }
  throw unknown(info, name, exported);
}

/** A function may be described once for each unit that has a copy of it. */
function unique(functions: readonly DebugFunction[]): readonly DebugFunction[] {
  return [...new Map(functions.map((fn) => [fn.linkageName ?? fn.name, fn])).values()];
}

function ambiguous(name: string, found: readonly DebugFunction[]): HotmodError {
  const list = found.map((fn) => `  ${signatureOf(fn)}: ${fn.linkageName ?? fn.name}`).join('\n');
  return new HotmodError('HM540', `Several functions are called "${name}":\n${list}`, {
    hint: 'Name one of them by the symbol behind the colon.',
    exitCode: exitCode.usage,
  });
}

function unknown(info: DebugInfo, name: string, exported: readonly DebugFunction[]): HotmodError {
  const hidden = info.functions.some((fn) => !fn.external && (fn.name === name || qualifiedName(fn) === name));
  const names = exported.map(qualifiedName).sort();
  const shown =
    names.length > 20 ? `${names.slice(0, 20).join(', ')}, and ${names.length - 20} more` : names.join(', ');
  const reason = hidden
    ? `"${name}" is static, so it has no name outside its file.`
    : `No function is called "${name}".`;
  return new HotmodError('HM540', `${reason} There is ${shown === '' ? 'none that can be called' : shown}.`, {
    hint: 'Check the spelling, or take "static" away and reload.',
    exitCode: exitCode.usage,
  });
}
