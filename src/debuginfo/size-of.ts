import type { DebugType } from './types.js';

/** Bytes that an object of a type takes; null where the type does not say (void, functions, arrays without a length, declarations). */
export function sizeOf(type: DebugType): number | null {
  switch (type.kind) {
    case 'base':
    case 'pointer':
    case 'enum':
      return type.size;
    case 'record':
      return type.complete ? type.size : null;
    case 'array':
      return type.size;
    case 'typedef':
    case 'qualified':
      return sizeOf(type.target);
    case 'unspecified':
      return type.name.includes('nullptr') ? 8 : null;
    case 'void':
    case 'function':
      return null;
    default: {
      const unknown: never = type;
      throw new Error(`sizeOf: ${JSON.stringify(unknown)}`);
    }
  }
}
