import { stateModeOf } from '../assess/state-mode.js';
import { judgeState } from '../assess/state-rules.js';
import type { HookName, ModuleFacts, TransferRequest } from '../host/host.js';
import { compareState } from '../state/compare.js';
import type { StateComparison } from '../state/types.js';
import { isAcceptable } from './acceptable.js';
import { oldImageAfter, requestOf } from './transfer.js';
import type { BothVersions } from './types-of-both.js';

const hooksBefore: readonly HookName[] = ['prepare_reload', 'rollback_reload'];

/** What two builds alone say of the way back, for each comparison at most once. */
const ways = new WeakMap<BothVersions, TransferRequest | null>();

/**
 * Works out what `wayBackOf` will want of the two builds, which takes as long as the comparison before it: while the host
 * loads the new version there is time for that, and later the program would wait for it.
 */
export function foreseeWayBack(both: BothVersions | null, running: ModuleFacts | null): void {
  // As long as nothing else is known the new version is taken to have the hooks of the one that runs.
  if (both !== null && running !== null && mayGoBack(both, running, running)) planBack(both);
}

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
  return both !== null && running !== null && mayGoBack(both, running, staged) ? planBack(both) : null;
}

function mayGoBack({ state }: BothVersions, running: ModuleFacts, staged: ModuleFacts): boolean {
  if (state.plan === null) return false;
  if (stateModeOf(running, staged) !== 'variables' || stateModeOf(staged, running) !== 'variables') return false;
  if (running.hooks.some((hook) => hooksBefore.includes(hook)) || staged.hooks.includes('complete_reload'))
    return false;
  // What was carried on under another name is not found again on the way back.
  return !state.changes.some(({ kind }) => kind === 'carriedAs' || kind === 'variableMoved');
}

function planBack(both: BothVersions): TransferRequest | null {
  const known = ways.get(both);
  if (known !== undefined) return known;
  const way = requestBack(both);
  ways.set(both, way);
  return way;
}

function requestBack(both: BothVersions): TransferRequest | null {
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
