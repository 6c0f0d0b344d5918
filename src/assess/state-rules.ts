import type { Level, Reason } from '../events/events.js';
import type { Change, ChangeKind, StateComparison } from '../state/types.js';
import { judgeByValues } from './live-values.js';
import { whereIs } from './places.js';
import { describeChange, describeRecord } from './state-texts.js';
import type { LiveFinding } from './types.js';

/** What a kind of change to the state means. `live` changes are decided by the values themselves, once they are known. */
export interface StateRule {
  readonly code: string;
  readonly kinds: readonly ChangeKind[];
  readonly level: Level | 'live';
  readonly recommendation: string;
  /** One reason for everything that happened to one record, in place of one for each field. */
  readonly perRecord?: true;
}

const keepFunction = 'Keep the function until nothing points to it, or force the reload to set the pointer to NULL.';
const pointElsewhere = 'Point to a variable, a function or a constant of the module.';

/** Every rule about state, as data. Texts of the codes are in `codes/state.ts`. */
export const stateRules: readonly StateRule[] = [
  {
    code: 'HM410',
    kinds: ['initialValue'],
    level: 'live',
    recommendation: 'Mark the variable with HOTMOD_RESET where it should take its new initial value at every reload.',
  },
  { code: 'HM411', kinds: ['reset'], level: 'SAFE', recommendation: 'Nothing to do: HOTMOD_RESET asks for it.' },
  {
    code: 'HM412',
    kinds: ['variableMoved'],
    level: 'WARNING',
    recommendation: 'Nothing to do where it is the same variable; give one of them another name where it is not.',
  },
  {
    code: 'HM413',
    kinds: ['carriedAs'],
    level: 'WARNING',
    recommendation: 'HOTMOD_WAS may be taken away after this reload.',
  },
  {
    code: 'HM420',
    kinds: ['fieldRemoved', 'variableRemoved'],
    level: 'WARNING',
    recommendation: 'Mark its successor with HOTMOD_WAS("old name") where there is one.',
  },
  {
    code: 'HM421',
    kinds: ['fieldAdded', 'fieldMoved'],
    level: 'WARNING',
    recommendation: 'Nothing to do: fields keep their values by name.',
    perRecord: true,
  },
  {
    code: 'HM422',
    kinds: ['fieldConverted', 'variableConverted'],
    level: 'WARNING',
    recommendation: 'Nothing to do: the value is converted.',
  },
  {
    code: 'HM423',
    kinds: ['renamed'],
    level: 'WARNING',
    recommendation: 'Write HOTMOD_WAS("old name") after the new name to carry the value over.',
  },
  {
    code: 'HM424',
    kinds: ['narrowed'],
    level: 'live',
    recommendation: 'Keep the wider type, or force the reload to take the nearest value that fits.',
  },
  {
    code: 'HM425',
    kinds: ['arrayLonger'],
    level: 'WARNING',
    recommendation: 'Nothing to do: new elements start with their initial values.',
  },
  {
    code: 'HM426',
    kinds: ['arrayShorter'],
    level: 'live',
    recommendation: 'Keep the longer array, empty the elements first, or force the reload to drop them.',
  },
  {
    code: 'HM427',
    kinds: ['enumRenumbered'],
    level: 'WARNING',
    recommendation: 'Nothing to do: values are carried over by the names of the enumerators.',
  },
  {
    code: 'HM428',
    kinds: ['enumeratorRemoved'],
    level: 'live',
    recommendation: 'Keep the enumerator as long as a value has it, or force the reload to keep the number.',
  },
  {
    code: 'HM431',
    kinds: ['behindPointer'],
    level: 'live',
    recommendation:
      'Objects on the heap keep the old layout. Give the module save_state, load_state and a migration, or force the reload if there are none.',
  },
  {
    code: 'HM432',
    kinds: ['unionChanged'],
    level: 'UNSAFE',
    recommendation:
      'Which member lives is only known to the code: give the module save_state and load_state with a migration.',
  },
  {
    code: 'HM433',
    kinds: ['voidPointer'],
    level: 'live',
    recommendation: 'Give the pointer the type of what it points to.',
  },
  {
    code: 'HM434',
    kinds: ['flexibleArray'],
    level: 'UNSAFE',
    recommendation:
      'How many elements live is only known to the code: give the module save_state and load_state with a migration.',
  },
  {
    code: 'HM435',
    kinds: ['incompatible', 'typeUnknown'],
    level: 'UNSAFE',
    recommendation: 'Give the new one another name, or migrate the value.',
  },
  {
    code: 'HM436',
    kinds: ['functionGone'],
    level: 'live',
    recommendation: keepFunction,
  },
  {
    code: 'HM437',
    kinds: ['pointerIntoImage'],
    level: 'live',
    recommendation:
      'Give the module save_state and load_state, or force the reload: such objects then go on using the old version, which stays in memory.',
  },
  {
    code: 'HM438',
    kinds: ['debugInfo'],
    level: 'UNSAFE',
    recommendation: 'Build with -g and do not strip the library.',
  },
  {
    code: 'HM439',
    kinds: ['untypedStorage'],
    level: 'UNSAFE',
    recommendation: 'Define it in C with a type, build its source with -g, or make it read-only.',
  },
  { code: 'HM440', kinds: ['ambiguous'], level: 'UNSAFE', recommendation: 'Give the variables different names.' },
  {
    code: 'HM441',
    kinds: ['threadLocal'],
    level: 'WARNING',
    recommendation: 'Keep what must survive in ordinary variables.',
  },
  {
    code: 'HM442',
    kinds: ['threads'],
    level: 'WARNING',
    recommendation: 'End the threads in prepare_reload and start them again in complete_reload.',
  },
  {
    code: 'HM444',
    kinds: ['heapCode'],
    level: 'live',
    recommendation: 'Objects made from now on use the new code; make the old ones again to have them use it too.',
  },
];

const ruleOf = new Map(stateRules.flatMap((rule) => rule.kinds.map((kind) => [kind, rule] as const)));

/**
 * Reasons for what happens to the state in a reload.
 *
 * @param findings what the live values say; null before the new version is loaded, and `live` changes then count as
 *   what they are at best, because nothing is changed before they were looked at.
 * @param root the project's folder.
 */
export function judgeState(
  { changes, plan, migration }: StateComparison,
  findings: readonly LiveFinding[] | null,
  root: string,
): readonly Reason[] {
  const reasons: Reason[] = [];
  const told = new Set<string>();
  for (const change of changes) {
    const rule = ruleOf.get(change.kind);
    if (rule === undefined) continue;
    const about =
      rule.perRecord === true && change.record !== '' ? `${rule.code} ${change.record}` : sameChange(change);
    if (told.has(about)) continue;
    told.add(about);
    const alike =
      rule.perRecord === true
        ? changes.filter((one) => one.record === change.record && rule.kinds.includes(one.kind))
        : [];
    const judged =
      rule.level === 'live'
        ? judgeByValues(change, findings)
        : {
            level: rule.level,
            message:
              alike.length > 0 && change.record !== '' ? describeRecord(change.record, alike) : describeChange(change),
          };
    if (judged === null) continue;
    const recommendation = adviceOf(rule, judged.level, migration);
    const where = whereIs((change.after ?? change.before)?.place, root);
    reasons.push({ code: rule.code, level: judged.level, message: judged.message, recommendation, where });
  }
  return [...reasons, ...strayPointers(changes, plan === null ? [] : (findings ?? []))];
}

/** Where the live values allow it, there is nothing to be done; where something refuses, a migration may help. */
function adviceOf({ level, recommendation }: StateRule, judged: Level, migration: string | null): string {
  if (level === 'live' && judged !== 'UNSAFE' && judged !== 'BLOCKED') return 'Nothing to do.';
  return judged === 'UNSAFE' && migration !== null ? `${recommendation}\n\n${migration}` : recommendation;
}

/** A record may be embedded in many places: what happened to its definition is said once. */
function sameChange({ kind, record, path, before, after }: Change): string {
  if (record === '') return `${kind} ${path}`;
  return [kind, record, path.split('.').at(-1), before?.type, after?.type, before?.offset, after?.offset].join(' ');
}

/** Pointers that lead into the old image at nothing that has a counterpart; no change of a type announced them. */
function strayPointers(changes: readonly Change[], findings: readonly LiveFinding[]): readonly Reason[] {
  const announced = new Set(changes.flatMap((change) => (change.check === null ? [] : [change.check])));
  return findings
    .filter((finding) => finding.check.kind === 'pointer' && !announced.has(finding.number))
    .map((finding) => {
      const code = finding.isFunction ? 'HM436' : 'HM437';
      const element = finding.check.path.includes('[]') ? ` (element ${finding.round})` : '';
      const rest = finding.count > 1 ? `, and so do ${finding.count - 1} more` : '';
      const message = finding.isFunction
        ? `${finding.check.path}${element} points to the function ${finding.value}, which the new version does not have${rest}`
        : `${finding.check.path}${element} points to ${finding.value} inside the running version, and nothing in the new one corresponds to it${rest}`;
      const recommendation = finding.isFunction ? keepFunction : pointElsewhere;
      return { code, level: 'UNSAFE', message, recommendation, where: '' } as const;
    });
}
