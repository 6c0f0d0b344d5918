import type { Json } from '../report/cases/types.js';

const inlineWidth = 64;

/** A value for people: one line where it fits, nested lines where it does not. The first line begins with `name`. */
export function formatValue(name: string, value: Json, indent = ''): readonly string[] {
  const short = inline(value);
  if (short.length + name.length + indent.length <= inlineWidth || isLeaf(value))
    return [`${indent}${name} = ${short}`];
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((one, n) => [`[${n}]`, one] as const)
    : Object.entries(value as Readonly<Record<string, Json>>);
  return [`${indent}${name}`, ...entries.flatMap(([key, one]) => formatValue(key, one, inner))];
}

function isLeaf(value: Json): boolean {
  return typeof value !== 'object' || value === null;
}

/** As C would write it, nearly: `{x = 1, y = 2}`, `[1, 2]`, `"text"`. */
function inline(value: Json): string {
  if (typeof value === 'string')
    return /^(0x[0-9a-f]+|[A-Za-z_]\w*|-?\d+|\.\.\. .*)$/.test(value) ? value : JSON.stringify(value);
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, one]) => `${key} = ${inline(one)}`)
      .join(', ')}}`;
  }
  return String(value);
}
