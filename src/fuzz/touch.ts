import { DebugInfoError } from '../debuginfo/errors.js';
import type { DebugInfo, DebugType } from '../debuginfo/types.js';
import { ObjectFileError } from '../objfile/errors.js';

/** How much was looked at, and the first reason why something could not be. */
export interface Touched {
  readonly types: number;
  readonly refusal: DebugInfoError | ObjectFileError | null;
}

/** Functions whose code is asked about. */
const mostPlaces = 40;

/**
 * Asks everything that debug information can be asked, types down to their leaves. What one question is refused with
 * keeps no other from being asked, because a user's questions do not come in the order of the file either.
 *
 * @throws whatever is no typed refusal
 */
export function touchEverything(info: DebugInfo): Touched {
  const seen = new Set<DebugType>();
  const waiting: DebugType[] = [];
  let refusal: Touched['refusal'] = null;
  const ask = (question: () => unknown): void => {
    try {
      question();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal ??= error;
    }
  };
  const meet = (question: () => DebugType): void =>
    ask(() => {
      const type = question();
      if (seen.has(type)) return;
      seen.add(type);
      waiting.push(type);
    });
  const drain = (): void => {
    for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) touchType(type, ask, meet);
  };

  ask(() => {
    for (const variable of info.variables) {
      meet(() => variable.type);
      ask(() => [variable.place, variable.tags]);
    }
  });
  ask(() => {
    for (const one of info.functions) {
      meet(() => one.type);
      ask(() => [one.place, one.parameterNames, one.scope]);
    }
  });
  ask(() => {
    // Each question looks through the functions of a source, so a large library is asked about some of them.
    const step = Math.ceil(info.functions.length / mostPlaces);
    for (let index = 0; index < info.functions.length; index += step) {
      const one = info.functions[index];
      if (one === undefined) break;
      // The first byte, one in the middle, and the first byte behind it.
      for (const address of [one.address, one.address + (one.size >> 1), one.address + one.size]) {
        ask(() => info.lineAt(address));
        ask(() => info.framesAt(address));
      }
      ask(() => info.functionAt(one.address)?.name);
    }
  });
  ask(() => {
    for (const type of info.types) meet(() => type);
  });
  drain();
  return { types: seen.size, refusal };
}

function isRefusal(error: unknown): error is DebugInfoError | ObjectFileError {
  return error instanceof DebugInfoError || error instanceof ObjectFileError;
}

type Ask = (question: () => unknown) => void;
type Meet = (question: () => DebugType) => void;

function touchType(type: DebugType, ask: Ask, meet: Meet): void {
  switch (type.kind) {
    case 'record':
      ask(() => [type.scope, type.place, type.vtableOffset]);
      ask(() => {
        for (const field of type.fields) {
          meet(() => field.type);
          ask(() => [field.place, field.tags]);
        }
      });
      ask(() => {
        for (const base of type.bases) meet(() => base.type);
      });
      return;
    case 'array':
      ask(() => [type.dimensions, type.size]);
      meet(() => type.element);
      return;
    case 'pointer':
      ask(() => type.size);
      meet(() => type.target);
      return;
    case 'typedef':
      ask(() => [type.scope, type.place]);
      meet(() => type.target);
      return;
    case 'qualified':
      meet(() => type.target);
      return;
    case 'enum':
      ask(() => [type.scope, type.place, type.signed, type.members]);
      return;
    case 'function':
      meet(() => type.returns);
      ask(() => {
        for (const parameter of type.parameters) meet(() => parameter);
        return type.variadic;
      });
      return;
    case 'base':
    case 'void':
    case 'unspecified':
      return;
    default: {
      const unknown: never = type;
      throw new Error(`a type of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}
