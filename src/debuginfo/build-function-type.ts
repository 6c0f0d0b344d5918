import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import type { DescribedUnit, TypeReader } from './program-types.js';
import type { DebugType, FunctionType } from './types.js';

/** A function's parameters are children of its entry, whether that is a type or the function itself. */
export function buildFunctionType(reader: TypeReader, unit: DescribedUnit, entry: Entry): FunctionType {
  const parts = lazy(() => {
    const children = reader.program.children(unit, entry, tag.formalParameter, tag.unspecifiedParameters);
    return {
      parameters: children
        .filter((child) => child.tag === tag.formalParameter)
        .map((child) => parameterType(reader, child)),
      variadic: children.some((child) => child.tag === tag.unspecifiedParameters),
    };
  });
  return {
    kind: 'function',
    get returns() {
      return reader.typeOf(entry);
    },
    get parameters() {
      return parts().parameters;
    },
    get variadic() {
      return parts().variadic;
    },
  };
}

/** A parameter of an inlined function's own copy refers to that of its origin. */
function parameterType(reader: TypeReader, child: Entry): DebugType {
  const origin = child.has(at.type) ? null : child.reference(at.abstractOrigin);
  if (origin === null) return reader.typeOf(child);
  const found = reader.program.follow(origin);
  return reader.typeOf(found.entry);
}
