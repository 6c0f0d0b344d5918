import type { Level } from '../events/events.js';

const order: Readonly<Record<Level, number>> = { SAFE: 0, WARNING: 1, UNSAFE: 2, BLOCKED: 3 };

/** The worse of two levels first, for sorting. */
export function compareLevels(a: Level, b: Level): number {
  return order[b] - order[a];
}

export function worstLevel(levels: readonly Level[]): Level {
  return levels.reduce<Level>((worst, level) => (order[level] > order[worst] ? level : worst), 'SAFE');
}
