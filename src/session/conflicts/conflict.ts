import { conflictStrategies } from '../../config/conflicts.js';
import type { ConflictQuestion, ConflictSettings } from '../../config/resolved.js';
import { messageOf } from '../../errors.js';
import type { ConflictKind, ConflictStrategy, DecidedConflict } from '../../events/events.js';

/** A conflict as it is found. Of those that leave no choice `what` says what met what, and `because` why. */
export type FoundConflict =
  | ConflictQuestion
  | { readonly kind: ConflictKind; readonly module: string; readonly what: string; readonly because: string };

/**
 * What the settings say to a conflict.
 *
 * @param forced the user said before that what is asked for may be done.
 * @param onProblem told in a sentence where a function of the config failed, or gave no strategy (HM485).
 */
export function decideConflict(
  found: FoundConflict,
  { strategies, decide }: ConflictSettings,
  { forced, onProblem }: { readonly forced: boolean; readonly onProblem: (message: string) => void },
): DecidedConflict {
  const { kind } = found;
  const code = codes[kind];
  if ('because' in found) {
    const text = `${found.what}; the strategy "keep" decides, and no other could: ${found.because}`;
    return { kind, strategy: 'keep', decidedBy: 'default', code, text };
  }
  const said = decide === null ? null : askFunction(decide, found, onProblem);
  const strategy = said ?? strategies[kind] ?? conflictStrategies[kind][0];
  const decidedBy = said !== null ? 'function' : strategies[kind] === null ? 'default' : 'config';
  const by = whose[decidedBy](strategy);
  if (strategy === 'ask' && forced) {
    const text = `${whatMet(found)}; ${by} asks, and force was the answer: the new version is taken`;
    return { kind, strategy, decidedBy: 'user', code, text };
  }
  return { kind, strategy, decidedBy, code, text: `${whatMet(found)}; ${by} decides: ${ends[found.kind][strategy]}` };
}

const codes: Readonly<Record<ConflictKind, string>> = {
  versionDown: 'HM480',
  editDuringTransaction: 'HM481',
  stateChanged: 'HM482',
  duplicateSymbol: 'HM483',
  rangesCannotMeet: 'HM484',
};

const whose = {
  default: (strategy: ConflictStrategy) => `the default strategy "${strategy}"`,
  config: (strategy: ConflictStrategy) => `the strategy "${strategy}" of reload.onConflict`,
  function: (strategy: ConflictStrategy) => `the strategy "${strategy}" of the function reload.onConflict`,
} as const;

const onlyByForce = 'the new version is taken only by force';

const ends: Readonly<Record<ConflictQuestion['kind'], Readonly<Record<ConflictStrategy, string>>>> = {
  versionDown: { latest: 'the new version is taken all the same', ask: onlyByForce, keep: 'what runs stays' },
  editDuringTransaction: {
    latest: 'the edit takes the place of what was under way',
    ask: `what was under way is finished, and ${onlyByForce}`,
    keep: 'what was under way is finished, and the edit follows',
  },
  stateChanged: {
    latest: 'the reload goes on with the state as it is now',
    ask: onlyByForce,
    keep: 'what runs stays until the next save or "hotmod reload"',
  },
};

function whatMet(question: ConflictQuestion): string {
  switch (question.kind) {
    case 'versionDown':
      return `the version went down from ${question.from} to ${question.to}`;
    case 'editDuringTransaction':
      return `an edit arrived while ${question.running.join(', ')} was being reloaded`;
    case 'stateChanged':
      return `${question.changes.join(', ')} may have changed the state since this build began`;
  }
}

/** Null where it has nothing to say that could be used; that is a mistake in the config, and the default holds. */
function askFunction(
  decide: NonNullable<ConflictSettings['decide']>,
  question: ConflictQuestion,
  onProblem: (message: string) => void,
): ConflictStrategy | null {
  const about = `${question.kind} of ${question.module}`;
  try {
    const said: unknown = decide(question);
    const strategy = conflictStrategies[question.kind].find((known) => known === said) ?? null;
    if (strategy === null) {
      const given = typeof said === 'string' ? `"${said}"` : said instanceof Promise ? 'a promise' : String(said);
      const known = conflictStrategies[question.kind].map((one) => `"${one}"`).join(', ');
      onProblem(
        `The function reload.onConflict gave ${given} for ${about} in place of one of ${known}; the default holds.`,
      );
    }
    return strategy;
  } catch (error) {
    onProblem(`The function reload.onConflict failed for ${about}: ${messageOf(error)}; the default holds.`);
    return null;
  }
}
