import type { Level } from '../events/events.js';

const order: Readonly<Record<Level, number>> = { SAFE: 0, WARNING: 1, UNSAFE: 2, BLOCKED: 3 };

/** The worst first; those of one level stay in their order. */
export function worstFirst<T extends { readonly level: Level }>(reasons: readonly T[]): readonly T[] {
  return [...reasons].sort((a, b) => order[b.level] - order[a.level]);
}

export function worstLevel(levels: readonly Level[]): Level {
  return levels.reduce<Level>((worst, level) => (order[level] > order[worst] ? level : worst), 'SAFE');
}
