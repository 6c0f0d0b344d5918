import { validateCodes } from '../codes/validate.js';
import type { Reason } from '../events/events.js';
import { worstFirst, worstLevel } from './levels.js';
import { rules } from './rules.js';
import type { Assessment, AssessRequest } from './types.js';

/**
 * The verdict on a new version, from what can be known without loading it. SAFE is a proof: it is given only where every
 * rule was answered and none objected. Pure; reads nothing.
 */
export function assess(request: AssessRequest): Assessment {
  if (request.library === null && request.findings.length === 0) {
    throw new Error(`assess: nothing is known of the new version of ${request.module}`);
  }
  const reasons = [...blockedByFindings(request), ...remarksOfRules(request)];
  const affected = request.loaded
    .filter((module) => module.name !== request.module && module.dependencies.includes(request.module))
    .map((module) => module.name);

  return {
    level: worstLevel(reasons.map((reason) => reason.level)),
    reasons: reasons.length === 0 ? [safeReason(request)] : worstFirst(reasons),
    affected,
  };
}

/** What validation found keeps its own code, so that `hotmod explain` says the same in both places. */
function blockedByFindings(request: AssessRequest): readonly Reason[] {
  return request.findings.map(({ code, message, where }) => ({
    level: 'BLOCKED',
    code,
    message,
    recommendation: remedyOf(code),
    where: where ?? '',
  }));
}

function remarksOfRules(request: AssessRequest): readonly Reason[] {
  return rules.flatMap(({ code, recommendation, test }) =>
    test(request).map((remark) => ({ ...remark, code, recommendation })),
  );
}

function safeReason({ previous }: AssessRequest): Reason {
  return previous === null ? firstLoad : codeOnly;
}

const nothingToDo = { level: 'SAFE', code: 'HM400', recommendation: 'Nothing to do.', where: '' } as const;
const firstLoad: Reason = {
  ...nothingToDo,
  message: 'first load: there is no state and no user that could be harmed',
};
/** What is left where no rule objects. */
export const codeOnly: Reason = {
  ...nothingToDo,
  message: 'nothing that lives or that others use changed: code only',
};

function remedyOf(code: string): string {
  return validateCodes.find((entry) => entry.code === code)?.remedy ?? '';
}
