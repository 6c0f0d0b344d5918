import { remarkDisappeared } from './disappeared.js';
import { listNames } from './lists.js';
import { loadsState, savesState } from './state-hooks.js';
import type { AssessRequest, Remark } from './types.js';

/** One rule of the verdict: what it looks at is data, what it says is a list that is empty where all is well. */
export interface Rule {
  readonly code: string;
  readonly recommendation: string;
  readonly test: (request: AssessRequest) => readonly Remark[];
}

/** Everything that is known before the new version is loaded. Further rules are further entries. */
export const rules: readonly Rule[] = [
  {
    code: 'HM402',
    recommendation: 'Build the module against the module_interface.h of this hotmod.',
    test: ({ library, apiVersion }) => remarkApiVersion(library?.apiVersion ?? null, apiVersion),
  },
  {
    code: 'HM403',
    recommendation: 'Keep the function, or change the modules that use it in the same save.',
    test: (request) => remarkDisappeared(request, (symbol) => symbol.kind === 'function', 'function'),
  },
  {
    code: 'HM404',
    recommendation: 'Give the module save_state and load_state where its state should outlive a reload.',
    test: remarkFreshState,
  },
  {
    code: 'HM405',
    recommendation: 'Give the new version a load_state, or accept the loss with --force.',
    test: remarkLostState,
  },
  {
    code: 'HM407',
    recommendation: 'Do not strip the library (no -s, no strip), or give the module save_state and load_state.',
    test: remarkUnknownState,
  },
  {
    code: 'HM408',
    recommendation: 'Keep the variable, or change the modules that use it in the same save.',
    test: (request) => remarkDisappeared(request, (symbol) => symbol.kind !== 'function', 'variable'),
  },
];

/** HM402. Nothing is said where the number is not known: the host looks again before it calls anything. */
export function remarkApiVersion(found: number | null, wanted: number): readonly Remark[] {
  if (found === null || found === wanted) return [];
  return [
    {
      level: 'BLOCKED',
      message: `the module was built for version ${found} of the module interface; this engine speaks version ${wanted}`,
      where: 'api_version',
    },
  ];
}

/**
 * HM404: what is lost are the variables of the version that leaves, so a first load loses nothing, and neither does a
 * module that has no variable to write to.
 */
function remarkFreshState({ previous }: AssessRequest): readonly Remark[] {
  const variables = previous?.library.variables ?? [];
  if (previous === null || variables.length === 0) return [];
  const saves = savesState(previous);
  if (saves === 'yes') return [];
  const names = listNames(variables.map((variable) => variable.name));
  const message =
    saves === 'no'
      ? `the running version has no save_state, so its state starts afresh: ${names}`
      : `whether the running version saves its state is not known, so it may start afresh: ${names}`;
  return [{ level: 'WARNING', message, where: variables[0]?.name ?? '' }];
}

/** HM405. Where the old version may save and the new one certainly cannot load, the loss is not excluded either. */
function remarkLostState({ previous, library }: AssessRequest): readonly Remark[] {
  if (previous === null || library === null) return [];
  const saves = savesState(previous);
  const loads = loadsState(library, previous);
  if (saves === 'yes' && loads === 'no') return [lostState];
  if (saves === 'yes' && loads === 'unknown') {
    const message =
      'the running version saves its state; whether the new one has a load_state shows only once it is loaded';
    return [{ level: 'WARNING', message, where: 'load_state' }];
  }
  if (saves === 'unknown' && loads === 'no' && previous.library.variables?.length !== 0) {
    return [{ ...lostState, message: 'the running version may save its state, and the new one has no load_state' }];
  }
  return [];
}

export const lostState: Remark = {
  level: 'UNSAFE',
  message: 'the running version saves its state, but the new one has no load_state: the state would be lost',
  where: 'load_state',
};

/** HM407. A version that saves its state by itself needs no symbol table for that. */
function remarkUnknownState({ previous }: AssessRequest): readonly Remark[] {
  if (previous === null || previous.library.variables !== null || savesState(previous) === 'yes') return [];
  return [
    {
      level: 'WARNING',
      message: 'the running version has no symbol table, so it is unknown whether it has state that starts afresh',
      where: '.symtab',
    },
  ];
}
