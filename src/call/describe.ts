import type { Literal } from './types.js';

/** A literal as it could be typed, for a message that quotes it. */
export function describeLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'integer':
      return literal.text === '' ? String(literal.value) : literal.text;
    case 'real':
      return literal.text === '' ? String(literal.value) : literal.text;
    case 'character':
      return literal.text;
    case 'text':
      return JSON.stringify(literal.value);
    case 'word':
      return literal.value === '' ? '""' : literal.value;
    case 'list':
      return `${literal.open}${literal.items.map(describeLiteral).join(', ')}${literal.open === '{' ? '}' : ']'}`;
    case 'record':
      return `{${literal.fields.map(([name, value]) => `${name}: ${describeLiteral(value)}`).join(', ')}}`;
  }
}
