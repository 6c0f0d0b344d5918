import type { ModuleFacts } from '../host/host.js';
import { codeOnly } from './assess.js';
import { worstFirst, worstLevel } from './levels.js';
import { lostState, remarkApiVersion } from './rules.js';
import { loadsStateNow } from './state-hooks.js';
import type { Assessment, Remark } from './types.js';

/** What shows only once the new version lies loaded beside the old one. */
interface ConfirmRule {
  readonly code: string;
  readonly recommendation: string;
  readonly test: (old: ModuleFacts | null, now: ModuleFacts, apiVersion: number) => readonly Remark[];
}

/** The major number of `module_interface.h` that the rules take where the caller does not say another. */
const currentApiVersion = 1;

const rules: readonly ConfirmRule[] = [
  {
    code: 'HM402',
    recommendation: 'Build the module against the module_interface.h of this hotmod.',
    // Modules of plain functions know nothing of the interface, so there is no number that could be wrong.
    test: (_old, now, apiVersion) => (now.style === 'interface' ? remarkApiVersion(now.apiVersion, apiVersion) : []),
  },
  {
    code: 'HM405',
    recommendation: 'Give the new version a load_state, or accept the loss with --force.',
    test: (old, now) => (old?.hooks.includes('save_state') && loadsStateNow(now) === 'no' ? [lostState] : []),
  },
  {
    code: 'HM406',
    recommendation: 'Give the new version a migrate_state, or make sure that its load_state reads the old form.',
    test: remarkNoMigration,
  },
];

/**
 * Looks at the verdict again with the new version's real hooks, after it was staged and before it is committed. What
 * was proven before still holds; what could only be supposed is answered now.
 *
 * @param old facts of the running version; null at a first load.
 */
export function confirm(
  assessment: Assessment,
  old: ModuleFacts | null,
  now: ModuleFacts,
  apiVersion: number = currentApiVersion,
): Assessment {
  const added = rules.flatMap(({ code, recommendation, test }) =>
    test(old, now, apiVersion).map((remark) => ({ ...remark, code, recommendation })),
  );
  const answered = new Set(added.map((reason) => reason.code));
  // Whether the state is lost could only be supposed from the file; the hooks themselves tell.
  if (old !== null && loadsStateNow(now) === 'yes') answered.add('HM405');
  const before = assessment.reasons.filter(({ code }) => !answered.has(code));
  if (added.length === 0 && before.length === assessment.reasons.length) return assessment;

  const open = worstFirst([...before, ...added]).filter(({ code }) => code !== 'HM400');
  const reasons = open.length === 0 ? [codeOnly] : open;
  return { level: worstLevel(reasons.map((one) => one.level)), reasons, affected: assessment.affected };
}

/** HM406 speaks only where state is carried at all, and only where both sides state a version. */
function remarkNoMigration(old: ModuleFacts | null, now: ModuleFacts): readonly Remark[] {
  if (old === null || old.version === now.version || now.hooks.includes('migrate_state')) return [];
  if (!old.hooks.includes('save_state') || loadsStateNow(now) === 'no') return [];
  const from = old.version === '' ? 'no version' : old.version;
  const to = now.version === '' ? 'no version' : now.version;
  return [
    {
      level: 'WARNING',
      message: `the version went from ${from} to ${to} and there is no migrate_state: load_state is given the old form`,
      where: 'migrate_state',
    },
  ];
}
