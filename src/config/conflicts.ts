import type { ConflictKind, ConflictStrategy } from '../events/events.js';

/**
 * What each kind of conflict can be decided with; the first is the default. Where two modules offer one symbol, and where
 * no version is in all ranges that are asked for, nothing that was built could be loaded: what runs stays, whatever anybody
 * would rather have.
 */
export const conflictStrategies = {
  versionDown: ['latest', 'keep', 'ask'],
  editDuringTransaction: ['latest', 'keep', 'ask'],
  stateChanged: ['latest', 'keep', 'ask'],
  duplicateSymbol: ['keep'],
  rangesCannotMeet: ['keep'],
} as const satisfies Readonly<Record<ConflictKind, readonly [ConflictStrategy, ...ConflictStrategy[]]>>;
