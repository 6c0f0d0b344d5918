import type { ConflictKind, ConflictStrategy, Level } from '../events/events.js';
import type { Remark, Rule } from './types.js';

/**
 * HM480 to HM484. Who decides a conflict is not the verdict's affair; what was decided counts like any other reason.
 * SAFE means that nothing is at stake for what runs, and is no reason: the result tells it with its conflicts.
 */
export const conflictRules: readonly Rule[] = [
  rule(
    'versionDown',
    { latest: 'WARNING', keep: 'BLOCKED', ask: 'UNSAFE' },
    'HM480',
    'Raise the version in module.json, or go back with "hotmod rollback", which asks no such question.',
  ),
  rule(
    'editDuringTransaction',
    { latest: 'SAFE', keep: 'SAFE', ask: 'UNSAFE' },
    'HM481',
    'Look at what runs now; "hotmod reload <module> --force" (y in the UI) takes the edit.',
  ),
  rule(
    'stateChanged',
    { latest: 'SAFE', keep: 'BLOCKED', ask: 'UNSAFE' },
    'HM482',
    'Look at the state that there is now, then save again or use "hotmod reload"; where it is asked for, with --force.',
  ),
  rule(
    'duplicateSymbol',
    { latest: 'BLOCKED', keep: 'BLOCKED', ask: 'BLOCKED' },
    'HM483',
    'Give one of the two another name, make it static, or take one module out of "dependencies".',
  ),
  rule(
    'rangesCannotMeet',
    { latest: 'BLOCKED', keep: 'BLOCKED', ask: 'BLOCKED' },
    'HM484',
    'Change one of the ranges in module.json, so that there is a version that is in both.',
  ),
];

function rule(
  kind: ConflictKind,
  levels: Readonly<Record<ConflictStrategy, Level>>,
  code: string,
  recommendation: string,
): Rule {
  return {
    code,
    recommendation,
    test: ({ conflicts }) =>
      conflicts.flatMap((conflict): readonly Remark[] => {
        // Who was asked and said yes decided for the latest.
        const level = levels[conflict.decidedBy === 'user' ? 'latest' : conflict.strategy];
        return conflict.kind !== kind || level === 'SAFE' ? [] : [{ level, message: conflict.text, where: '' }];
      }),
  };
}
