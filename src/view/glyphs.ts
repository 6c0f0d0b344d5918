import type { Level } from '../events/events.js';
import type { Style } from './line.js';

/** The signs of the views. Each has its own shape, so that nothing is said by colour alone. */
export interface Glyphs {
  readonly unicode: boolean;
  readonly good: string;
  readonly warn: string;
  readonly bad: string;
  readonly blocked: string;
  readonly running: string;
  readonly busy: string;
  readonly idle: string;
  readonly stopped: string;
  readonly selected: string;
  readonly rule: string;
  readonly dot: string;
  readonly arrow: string;
  readonly ellipsis: string;
  /** From lowest to highest. */
  readonly bars: readonly string[];
}

const unicodeGlyphs: Glyphs = {
  unicode: true,
  good: '✓',
  warn: '!',
  bad: '✗',
  blocked: '■',
  running: '●',
  busy: '○',
  idle: '·',
  stopped: '■',
  selected: '▸',
  rule: '─',
  dot: '·',
  arrow: '→',
  ellipsis: '…',
  bars: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
};

const asciiGlyphs: Glyphs = {
  unicode: false,
  good: '+',
  warn: '!',
  bad: 'x',
  blocked: '#',
  running: '*',
  busy: 'o',
  idle: '.',
  stopped: '#',
  selected: '>',
  rule: '-',
  dot: '-',
  arrow: '->',
  ellipsis: '...',
  bars: ['_', '.', '-', '=', '+', '*', '%', '#'],
};

/** @param unicode false where the locale is not UTF-8; the caller knows, nothing here reads the environment. */
export function glyphsFor(unicode: boolean): Glyphs {
  return unicode ? unicodeGlyphs : asciiGlyphs;
}

/** `✓ SAFE`, `! WARNING`, `✗ UNSAFE`, `■ BLOCKED`. */
export function verdictMark(level: Level, glyphs: Glyphs): string {
  return `${levelGlyph(level, glyphs)} ${level}`;
}

export const levelStyle: Readonly<Record<Level, Style>> = {
  SAFE: 'good',
  WARNING: 'warn',
  UNSAFE: 'bad',
  BLOCKED: 'bad',
};

/** The sign alone, where the level is named elsewhere. */
export function levelGlyph(level: Level, glyphs: Glyphs): string {
  switch (level) {
    case 'SAFE':
      return glyphs.good;
    case 'WARNING':
      return glyphs.warn;
    case 'UNSAFE':
      return glyphs.bad;
    case 'BLOCKED':
      return glyphs.blocked;
  }
}
