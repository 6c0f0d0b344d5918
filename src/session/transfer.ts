import { stateModeOf } from '../assess/state-mode.js';
import type { LiveFinding } from '../assess/types.js';
import type { ModuleFacts, ProbeFinding, TransferRequest } from '../host/host.js';
import { noState, type Transfer } from '../reload/transact.js';
import { describeAddress } from '../state/describe-address.js';
import type { PlanCheck, StateModel, TransferPlan } from '../state/types.js';
import type { BothVersions } from './types-of-both.js';

/**
 * How the state of a module gets from the version that runs to the one that was staged; null where nothing ran before
 * and where the module's own hooks carry bytes that need no conversion.
 *
 * @param force conversions that do not fit are carried out all the same.
 */
export function transferBetween(
  both: BothVersions | null,
  running: ModuleFacts | null,
  staged: ModuleFacts,
  force: boolean,
): Transfer | null {
  if (both === null) return null;
  const mode = stateModeOf(running, staged);
  if (mode === 'none') return null;
  if (mode === 'variables') {
    const { plan } = both.state;
    // Without types nothing can be carried over, and by force the module starts from its beginning.
    if (plan === null) return null;
    const request = requestOf(plan, 'variables', 0, oldImageAfter(plan, both.before), force);
    return { request, checks: plan.checks.length > 0, summary: plan.summary };
  }
  const { saved } = both.state;
  // A module that converts its bytes itself knows better what they mean.
  if (saved === null || saved.plan === null || staged.hooks.includes('migrate_state')) return null;
  const request = requestOf(saved.plan, 'saved', saved.newSize, 'close', force);
  return { request, checks: false, summary: noState };
}

export function requestOf(
  plan: TransferPlan,
  what: TransferRequest['what'],
  size: number,
  oldImage: TransferRequest['oldImage'],
  force: boolean,
): TransferRequest {
  const mustHold = force ? [] : plan.checks.flatMap(({ decisive }, number) => (decisive ? [number] : []));
  return { plan: plan.bytes, what, size, mustHold, oldImage };
}

/**
 * Destructors of its own would run when the old image is closed. What starts threads for it (a pool, a library) may keep the
 * addresses of its functions anywhere; that no thread is inside the engine finds out in any case.
 */
export function oldImageAfter(plan: TransferPlan, before: StateModel): TransferRequest['oldImage'] {
  if (before.destructors) return 'keep';
  return plan.heapMayPointBack || before.threadStarts.length > 0 ? 'search' : 'close';
}

/** What the host's checks found, in terms of the variables and functions of the version that runs. */
export function readFindings(both: BothVersions | null, found: readonly ProbeFinding[]): readonly LiveFinding[] {
  const plan = both?.state.plan ?? null;
  if (both === null || plan === null) return [];
  return found.flatMap(({ check: number, count, value, round }): readonly LiveFinding[] => {
    const check = plan.checks[number];
    if (check === undefined) return [];
    const target = check.kind === 'pointer' ? describeAddress(both.before, value) : null;
    const text = target?.text ?? readNumber(value, check.number);
    return [{ number, check, count, round, value: text, isFunction: target?.isFunction ?? false }];
  });
}

/** Numbers travel as their bits, widened to 64. */
function readNumber(bits: bigint, number: PlanCheck['number']): string {
  if (number !== 'float') return String(number === 'unsigned' ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits));
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits));
  return String(view.getFloat64(0));
}
