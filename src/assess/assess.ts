import { validateCodes } from '../codes/validate.js';
import type { Reason } from '../events/events.js';
import { worstFirst, worstLevel } from './levels.js';
import { rules } from './rules.js';
import { stateMode } from './state-mode.js';
import { judgeState } from './state-rules.js';
import type { Assessment, AssessRequest } from './types.js';

/**
 * The verdict on a new version. SAFE is a proof: it is given only where every rule was answered and none objected.
 * Asked twice: before the new version is loaded, from files alone, and again when it lies loaded beside the old one and
 * its hooks and the live values are known. Pure; reads nothing.
 */
export function assess(request: AssessRequest): Assessment {
  if (request.library === null && request.findings.length === 0) {
    throw new Error(`assess: nothing is known of the new version of ${request.module}`);
  }
  const reasons = worstFirst([...blockedByFindings(request), ...remarksOfRules(request), ...remarksOnState(request)]);
  const affected = request.loaded
    .filter((module) => module.name !== request.module && module.dependencies.includes(request.module))
    .map((module) => module.name);

  const level = worstLevel(reasons.map((reason) => reason.level));
  return { level, reasons: level === 'SAFE' ? [safeReason(request), ...reasons] : reasons, affected };
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

function remarksOnState(request: AssessRequest): readonly Reason[] {
  const { types, staged, root } = request;
  const mode = stateMode(request);
  if (mode === 'none') return [];
  if (types === null) return request.findings.length > 0 ? [] : [typesNotRead];
  const findings = staged?.findings ?? null;
  if (mode === 'variables') return judgeState(types.state, findings, root);
  // Bytes that the module saves itself are only judged where it says what they are, and nobody looks into them before
  // the commit; its threads matter in any case.
  const ofModule = types.state.changes.filter(({ kind }) => kind === 'threads' || kind === 'threadLocal');
  const { changes = [], plan = null } = types.state.saved ?? {};
  return [
    ...judgeState({ ...types.state, changes, plan }, null, root),
    ...judgeState({ ...types.state, changes: ofModule, plan: null }, findings, root),
  ];
}

/** Nothing was compared, so nothing is proven. */
const typesNotRead: Reason = {
  code: 'HM438',
  level: 'UNSAFE',
  message: 'the types of both versions were not compared',
  recommendation: 'Reload the module once more.',
  where: '',
};

function safeReason({ previous, types }: AssessRequest): Reason {
  if (previous === null) return firstLoad;
  const kept = types?.state.plan?.summary.kept ?? 0;
  return kept === 0 ? codeOnly : { ...codeOnly, message: `${codeOnly.message}; ${countVariables(kept)}` };
}

function countVariables(kept: number): string {
  return kept === 1 ? 'its one variable is kept' : `its ${kept} variables are kept`;
}

const nothingToDo = { level: 'SAFE', code: 'HM400', recommendation: 'Nothing to do.', where: '' } as const;
const firstLoad: Reason = {
  ...nothingToDo,
  message: 'first load: there is no state and no user that could be harmed',
};
/** What is left where no rule objects. */
const codeOnly: Reason = {
  ...nothingToDo,
  message: 'nothing that lives changed its layout, and nothing that others use disappeared',
};

function remedyOf(code: string): string {
  return validateCodes.find((entry) => entry.code === code)?.remedy ?? '';
}
