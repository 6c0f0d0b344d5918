import type { Level } from '../events/events.js';
import type { Change, ChangeKind } from '../state/types.js';
import { describeChange } from './state-texts.js';
import type { LiveFinding } from './types.js';

interface Judged {
  readonly level: Level;
  readonly message: string;
}

/** What a change means that depends on the values that live: where none objects, where some do, and before anybody looked. */
interface LiveRule {
  /** Null where there is then nothing to say. */
  readonly none: { readonly level: Level; readonly text: string } | null;
  readonly some: { readonly level: Level; readonly text: (finding: LiveFinding) => string };
  readonly unknown: { readonly level: Level; readonly text: string };
}

const lookedAt = {
  level: 'WARNING',
  text: 'whether the live values allow it is looked at before anything changes',
} as const;

const liveRules: Readonly<Partial<Record<ChangeKind, LiveRule>>> = {
  initialValue: {
    none: { level: 'SAFE', text: 'nobody changed it, so it takes the new value' },
    some: { level: 'WARNING', text: () => 'it has changed since it was loaded, and the live value is kept' },
    unknown: { level: 'WARNING', text: 'the live value is kept if it has changed since it was loaded' },
  },
  narrowed: {
    none: { level: 'WARNING', text: 'every live value fits' },
    some: { level: 'UNSAFE', text: (finding) => `the live value ${finding.value} does not fit${more(finding)}` },
    unknown: lookedAt,
  },
  arrayShorter: {
    none: { level: 'WARNING', text: 'the elements that are dropped are empty' },
    some: { level: 'UNSAFE', text: () => 'the elements that would be dropped are not empty' },
    unknown: lookedAt,
  },
  enumeratorRemoved: {
    none: { level: 'WARNING', text: 'no live value has it' },
    some: { level: 'UNSAFE', text: (finding) => `the live value ${finding.value} has it${more(finding)}` },
    unknown: lookedAt,
  },
  behindPointer: {
    none: { level: 'WARNING', text: 'every live pointer leads to a variable of the module, which is converted' },
    some: { level: 'UNSAFE', text: () => 'it points to an object on the heap, which keeps the old layout' },
    unknown: lookedAt,
  },
  voidPointer: {
    none: { level: 'WARNING', text: 'it is NULL or leads to a variable of the module' },
    some: { level: 'UNSAFE', text: () => 'what it points to may be of a type whose layout changed' },
    unknown: lookedAt,
  },
  functionGone: {
    none: null,
    some: { level: 'UNSAFE', text: (finding) => `it points to ${finding.value}` },
    unknown: lookedAt,
  },
  pointerIntoImage: {
    none: null,
    some: {
      level: 'UNSAFE',
      text: ({ check }) => `${check.path} leads to an object that is no variable, and nothing in it is re-pointed`,
    },
    unknown: lookedAt,
  },
  heapCode: {
    none: null,
    some: { level: 'WARNING', text: () => 'such objects live' },
    unknown: { level: 'WARNING', text: 'whether such objects live is looked at later' },
  },
};

/** Null where there is nothing to say. A change without a check is one that no look at the values could excuse. */
export function judgeByValues(change: Change, findings: readonly LiveFinding[] | null): Judged | null {
  const rule = liveRules[change.kind];
  const what = describeChange(change);
  if (rule === undefined || change.check === null) {
    return { level: change.kind === 'heapCode' ? 'WARNING' : 'UNSAFE', message: what };
  }
  if (findings === null) return { level: rule.unknown.level, message: `${what}; ${rule.unknown.text}` };
  const finding = findings.find((one) => one.number === change.check);
  if (finding === undefined) {
    return rule.none === null ? null : { level: rule.none.level, message: `${what}; ${rule.none.text}` };
  }
  return { level: rule.some.level, message: `${what}; ${rule.some.text(finding)}` };
}

function more({ count }: LiveFinding): string {
  return count > 1 ? `, and ${count - 1} more do not either` : '';
}
