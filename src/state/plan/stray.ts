import type { DebugType } from '../../debuginfo/types.js';
import { addCheck, isLibraryType, type PlanContext } from './context.js';
import { plainOf } from './labels.js';
import { code, type Operation } from './operations.js';

const word = 8;

/**
 * Looks at integers that are as wide as a pointer: one that holds an address of the old image (`uintptr_t`) would be
 * carried over as the number it is and lead nowhere afterwards. Bytes and narrower numbers are taken for what they say.
 */
export function watchIntegers(context: PlanContext, type: DebugType, from: number, path: string): readonly Operation[] {
  const found = operationsFor(type, from);
  if (found.length === 0) return [];
  const check = addCheck(context, { kind: 'pointer', decisive: true, path, type: 'an integer' });
  return found.map((one) => withCheck(one, check));
}

function operationsFor(type: DebugType, from: number): readonly Operation[] {
  const plain = plainOf(type);
  switch (plain.kind) {
    case 'base':
      return plain.size === word && (plain.encoding === 'signed' || plain.encoding === 'unsigned')
        ? [stray(from, 1)]
        : [];
    case 'array': {
      const element = plainOf(plain.element);
      const stride = 'size' in element ? (element.size ?? 0) : 0;
      const count = stride === 0 ? 0 : Math.floor((plain.size ?? 0) / stride);
      const body = count === 0 ? [] : operationsFor(element, from);
      const [only] = body;
      if (only === undefined) return [];
      if (body.length === 1 && only.code === code.stray && stride === word * only.count) {
        return [stray(from, only.count * count)];
      }
      return [{ code: code.loop, from, to: 0, count, a: stride, b: 0, body }];
    }
    case 'record':
      if (!plain.complete || plain.form === 'union' || isLibraryType(plain)) return [];
      return [
        ...plain.bases.flatMap((base) => (base.offset === null ? [] : operationsFor(base.type, from + base.offset))),
        ...plain.fields.flatMap((field) =>
          field.bitSize === null ? operationsFor(field.type, from + field.offset) : [],
        ),
      ];
    default:
      return [];
  }
}

function stray(from: number, count: number): Operation {
  return { code: code.stray, from, to: 0, count };
}

function withCheck(one: Operation, check: number): Operation {
  return one.body === undefined
    ? { ...one, check }
    : { ...one, body: one.body.map((inner) => withCheck(inner, check)) };
}
