import type { BaseType } from './types.js';

/** `DW_ATE_*`, section 7.8. */
export function encodingOf(code: number | null): BaseType['encoding'] {
  switch (code) {
    case 1:
      return 'address';
    case 2:
      return 'boolean';
    case 3:
      return 'complex';
    case 4:
      return 'float';
    case 5:
      return 'signed';
    case 6:
      return 'character';
    case 7:
      return 'unsigned';
    case 8:
      return 'unsignedCharacter';
    case 15:
      return 'decimal';
    case 16:
    case 17:
    case 18:
      return 'utf';
    default:
      return 'other';
  }
}
