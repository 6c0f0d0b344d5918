import { validateCodes } from '../codes/validate.js';
import type { Level, Reason } from '../events/events.js';
import { compareLevels, worstLevel } from './levels.js';
import { rules } from './rules.js';
import type { Assessment, AssessRequest } from './types.js';

/** A reason with its level, which decides the order and is not part of what others see. */
export interface RatedReason {
  readonly level: Level;
  readonly reason: Reason;
}

/**
 * The verdict on a new version, from what can be known without loading it. SAFE is a proof: it is given only where every
 * rule was answered and none objected. Pure; reads nothing.
 */
export function assess(request: AssessRequest): Assessment {
  if (request.library === null && request.findings.length === 0) {
    throw new Error(`assess: nothing is known of the new version of ${request.module}`);
  }
  const rated = [...blockedByFindings(request), ...remarksOfRules(request)];
  const affected = request.loaded
    .filter((module) => module.name !== request.module && module.dependencies.includes(request.module))
    .map((module) => module.name);

  return {
    level: worstLevel(rated.map((entry) => entry.level)),
    reasons: rated.length === 0 ? [safeReason(request)] : sorted(rated),
    affected,
  };
}

/** What validation found keeps its own code, so that `hotmod explain` says the same in both places. */
function blockedByFindings(request: AssessRequest): readonly RatedReason[] {
  return request.findings.map(({ code, message, where }) => ({
    level: 'BLOCKED',
    reason: { code, message, recommendation: remedyOf(code), where: where ?? '' },
  }));
}

function remarksOfRules(request: AssessRequest): readonly RatedReason[] {
  return rules.flatMap(({ code, recommendation, test }) =>
    test(request).map(({ level, message, where }) => ({ level, reason: { code, message, recommendation, where } })),
  );
}

function safeReason({ previous }: AssessRequest): Reason {
  const message =
    previous === null
      ? 'first load: there is no state and no user that could be harmed'
      : 'nothing that lives or that others use changed: code only';
  return { code: 'HM400', message, recommendation: 'Nothing to do.', where: '' };
}

function sorted(rated: readonly RatedReason[]): readonly Reason[] {
  return [...rated].sort((a, b) => compareLevels(a.level, b.level)).map((entry) => entry.reason);
}

function remedyOf(code: string): string {
  return validateCodes.find((entry) => entry.code === code)?.remedy ?? '';
}
