import { stateModeOf } from '../assess/state-mode.js';
import { judgeState } from '../assess/state-rules.js';
import type { HookName, ModuleFacts, TransferRequest } from '../host/host.js';
import { compareState } from '../state/compare.js';
import type { StateComparison } from '../state/types.js';
import { isAcceptable } from './acceptable.js';
import { oldImageAfter, requestOf } from './transfer.js';
import type { BothVersions } from './types-of-both.js';

const hooksBefore: readonly HookName[] = ['prepare_reload', 'rollback_reload'];

/**
 * How the variables of a new version would get back to the one that it takes the place of, should it crash on probation:
 * as they were at the last frame boundary. Null where going back would lose something, so that the state as of the reload
 * is the better one, and where hooks around the reload keep a state of their own.
 */
export function wayBackOf(
  both: BothVersions | null,
  running: ModuleFacts | null,
  staged: ModuleFacts,
): TransferRequest | null {
  if (both === null || running === null || both.state.plan === null) return null;
  if (stateModeOf(running, staged) !== 'variables' || stateModeOf(staged, running) !== 'variables') return null;
  if (running.hooks.some((hook) => hooksBefore.includes(hook)) || staged.hooks.includes('complete_reload')) return null;
  // What was carried on under another name is not found again on the way back.
  if (both.state.changes.some(({ kind }) => kind === 'carriedAs' || kind === 'variableMoved')) return null;
  const back = compareBack(both);
  if (back === null || back.plan === null) return null;
  // The engine looks at the values when it goes back; here what no value could excuse refuses.
  if (judgeState(back, [], '').some(({ level }) => !isAcceptable(level, false))) return null;
  return requestOf(back.plan, 'variables', 0, oldImageAfter(back.plan, both.after), false);
}

function compareBack(both: BothVersions): StateComparison | null {
  try {
    return compareState(both.after, both.before, { wasName: () => null });
  } catch {
    // Damage that only this direction comes upon: there is another way back, and the reload itself is not to suffer.
    return null;
  }
}
