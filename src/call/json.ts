import { ValueError } from './errors.js';
import type { Literal } from './types.js';

/**
 * An argument given as JSON (reload cases): numbers, truth values, null, arrays and objects are what they look like. A text
 * is a text, or the name of an enumerator; numbers that JSON does not have, and addresses, are written as a text ("0xff",
 * "nan").
 *
 * @throws ValueError for what JSON has not.
 */
export function literalFromJson(value: unknown): Literal {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? { kind: 'integer', value: BigInt(value), text: '' }
        : { kind: 'real', value, text: '' };
    case 'bigint':
      return { kind: 'integer', value, text: '' };
    case 'boolean':
      return { kind: 'word', value: String(value) };
    case 'string':
      return { kind: 'text', value };
    case 'object': {
      if (value === null) return { kind: 'word', value: 'null' };
      if (Array.isArray(value)) return { kind: 'list', open: '[', items: value.map(literalFromJson) };
      return {
        kind: 'record',
        fields: Object.entries(value).map(([name, one]) => [name, literalFromJson(one)] as const),
      };
    }
    default:
      throw new ValueError(`${typeof value} is no value`);
  }
}
