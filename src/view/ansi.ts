import type { Line, Style } from './line.js';

/** SGR parameters (ECMA-48, 8.3.117) that switch a style on and off again. Only the eight basic colours are used. */
const sgr: Readonly<Record<Style, readonly [on: string, off: string] | null>> = {
  plain: null,
  dim: ['2', '22'],
  strong: ['1', '22'],
  good: ['32', '39'],
  warn: ['33', '39'],
  bad: ['31', '39'],
  accent: ['36', '39'],
};

/**
 * A line as text for a terminal. Whether there is colour is decided by whoever passes `color` and by nothing else: no
 * environment is read here, so NO_COLOR and `--color` need one decision in one place.
 */
export function paint(line: Line, color: boolean): string {
  return line.map(({ text, style }) => paintText(text, style, color)).join('');
}

export function paintText(text: string, style: Style, color: boolean): string {
  const codes = sgr[style];
  if (!color || codes === null || text === '') return text;
  return `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`;
}
