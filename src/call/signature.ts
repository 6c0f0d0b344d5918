import type { DebugFunction } from '../debuginfo/types.js';
import { declare } from '../layout/type-name.js';

/** The function as C declares it, with the names of its parameters: `double scale(struct point p, double by)`. */
export function signatureOf(fn: DebugFunction): string {
  const parameters = fn.type.parameters.map((type, index) => declare(type, fn.parameterNames[index] ?? ''));
  if (fn.type.variadic) parameters.push('...');
  const list = parameters.length === 0 ? 'void' : parameters.join(', ');
  return declare(fn.type.returns, `${qualifiedName(fn)}(${list})`);
}

export function qualifiedName(fn: DebugFunction): string {
  return [...fn.scope.filter((one) => one !== ''), fn.name].join('::');
}
