import type { DebugType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { recordName } from '../layout/type-name.js';
import { createTypeIndex, fullName, templateArguments } from './plan/type-index.js';
import type { StateModel } from './types.js';

/**
 * Records that the state of a library is made of, as C names them: those that its variables hold, those behind pointers,
 * classes derived from them, and what containers were made with. Others only pass through its functions.
 */
export function heldRecords(model: StateModel): ReadonlySet<string> {
  const index = createTypeIndex(model);
  const names = new Set<string>();
  const seen = new Set<object>();
  const open: DebugType[] = model.variables.map((one) => one.variable.type);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const plain = strip(next);
    if (seen.has(plain)) continue;
    seen.add(plain);
    // A struct that has only the name of its typedef goes by that.
    if (next.kind === 'typedef') names.add(next.name);
    if (plain.kind === 'pointer') open.push(plain.target);
    if (plain.kind === 'array') open.push(plain.element);
    if (plain.kind !== 'record') continue;
    names.add(recordName(plain));
    open.push(...plain.bases.map((base) => base.type), ...plain.fields.map((field) => field.type));
    if (plain.complete === false) open.push(...index.named(fullName(plain)));
    open.push(...index.derivedFrom(fullName(plain)).flatMap(index.named));
    for (const argument of templateArguments(plain.name ?? '')) open.push(...index.named(argument));
  }
  return names;
}
