import { formsOf } from '../state/keys.js';
import type { StateModel, StateVariable } from '../state/types.js';
import { didYouMean } from '../text/nearest.js';
import { PathError } from './path.js';

/**
 * The variable that a path begins with: the longest of all ways to write one.
 *
 * @param at where the path stands in what was typed.
 * @throws PathError where there is none, or several could be meant.
 */
export function findVariable(
  model: StateModel,
  path: string,
  at: number,
): { readonly variable: StateVariable; readonly length: number } {
  let length = 0;
  let meant: StateVariable[] = [];
  let isExact = false;
  for (const variable of [...model.variables, ...model.readOnly]) {
    for (const form of new Set([variable.path, ...formsOf(variable.variable)])) {
      if (form.length < length || !path.startsWith(form) || !/^($|\.|\[|->)/.test(path.slice(form.length))) continue;
      // What a variable is called here is its name, even where it is also another way to write a second one.
      const own = variable.path === form;
      if (form.length > length || (own && !isExact)) meant = [variable];
      else if (own === isExact) meant.push(variable);
      isExact = form.length > length ? own : isExact || own;
      length = form.length;
    }
  }
  const [first, ...others] = meant;
  if (first !== undefined && others.length === 0) return { variable: first, length };
  if (first !== undefined) {
    const forms = meant.map((one) => one.path).join(', ');
    throw new PathError(`"${path.slice(0, length)}" may be one of several variables: ${forms}.`, at);
  }
  throw new PathError(noVariable(model, path), at);
}

function noVariable({ variables, readOnly, threadLocals }: StateModel, path: string): string {
  // The dot before a file's ending belongs to the name.
  const start = /^(?:[^[:-]*:)?[^.[-]*/.exec(path)?.[0] ?? path;
  if (start === '') return 'A path begins with the name of a variable.';
  if (threadLocals.includes(start)) return `${start} is thread-local: every thread has its own, and none is shown.`;
  const names = [...variables, ...readOnly].flatMap((one) => [one.path, one.variable.name]);
  return `There is no variable "${start}".${didYouMean(start, names)}`;
}
