import type { Json } from '../events/json.js';

const inlineWidth = 64;

/**
 * A value for people: one line where it fits, nested lines where it does not, with the equals signs of one object under
 * each other. Long arrays of numbers go on in rows. The first line begins with `name`.
 *
 * @param indent stands before each line.
 */
export function formatValue(name: string, value: Json, indent = ''): readonly string[] {
  const short = inline(value);
  if (isLeaf(value) || short.length + name.length + indent.length <= inlineWidth)
    return [`${indent}${name} = ${short}`];
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const nested = value.every(isLeaf) ? rowsOf(value, inner) : itemsOf(value, inner);
    return [`${indent}${name}`, ...nested];
  }
  const entries = Object.entries(value);
  const width = Math.max(...entries.map(([key]) => (key.length <= widestName ? key.length : 0)));
  const nested = entries.flatMap(([key, one]) => formatValue(isLeaf(one) ? key.padEnd(width) : key, one, inner));
  return [`${indent}${name}`, ...nested];
}

/** One long name does not push all the values of its object to the right. */
const widestName = 24;

function itemsOf(values: readonly Json[], indent: string): readonly string[] {
  return values.flatMap((one, n) => (isCount(one) ? [`${indent}${one}`] : formatValue(`[${n}]`, one, indent)));
}

/** `[0] 1, 2, 3` with as many to a line as fit. */
function rowsOf(values: readonly Json[], indent: string): readonly string[] {
  const rows: string[] = [];
  let row = '';
  for (const [n, value] of values.entries()) {
    const text = inline(value);
    if (row !== '' && !isCount(value) && indent.length + row.length + 2 + text.length <= inlineWidth) {
      row += `, ${text}`;
      continue;
    }
    if (row !== '') rows.push(row);
    row = isCount(value) ? text : `[${n}] ${text}`;
  }
  return [...rows, row].map((one) => `${indent}${one}`);
}

function isLeaf(value: Json): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

/** What `decode` puts in the place of elements that are not shown. */
function isCount(value: Json): value is string {
  return typeof value === 'string' && /^\.\.\. \d+ more$/.test(value);
}

/** As C would write it, nearly: `{x = 1, y = 2}`, `[1, 2]`, `"text"`. */
function inline(value: Json): string {
  if (typeof value === 'string') return isBare(value) ? value : JSON.stringify(value);
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, one]) => `${key} = ${inline(one)}`)
      .join(', ')}}`;
  }
  return String(value);
}

/**
 * Text that is no text in the program: addresses, large numbers, and what looks like an enumerator. Enumerators in small
 * letters are quoted, as names in char arrays are: the value alone does not tell one from the other.
 */
function isBare(text: string): boolean {
  return isCount(text) || /^(0x[0-9a-f]+|-?\d+|-?\d\.\d+e-?\d+|[A-Z][A-Z0-9_]*|NaN|-?Infinity|unreadable)$/.test(text);
}
