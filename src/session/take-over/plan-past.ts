import { judgeState } from '../../assess/state-rules.js';
import type { ProbeFinding } from '../../host/host.js';
import type { Transfer } from '../../reload/transact.js';
import { isAcceptable } from '../acceptable.js';
import type { KnownLibrary, Version } from '../records.js';
import { requestOf } from '../transfer.js';
import { type BothVersions, compareVersions, type ModelReader } from '../types-of-both.js';

/**
 * How the variables that a version left in a host which has ended get to the version that begins in a new one. Nothing of
 * the old process is there but what the host brought along, so that everything has to be proven by types, also for a module
 * that saves its state itself, or comes to rest for a reload: nobody can ask it for that any more, and nothing of it runs.
 */
export async function planPast(
  models: ModelReader,
  { from, to }: { readonly from: KnownLibrary; readonly to: Version },
): Promise<{ readonly transfer: Transfer; readonly both: BothVersions } | { readonly why: string }> {
  const both = await compareVersions(models, from, to, true, { gone: true });
  const { plan, changes } = both.state;
  if (plan === null) return { why: 'the types of its variables are not known' };
  // What went by another name on the way here is not found again.
  if (changes.some(({ kind }) => kind === 'carriedAs' || kind === 'variableMoved')) {
    return { why: `generation ${from.generation} has other variables` };
  }
  const refusal = judgeState(both.state, [], '').find(({ level }) => !isAcceptable(level, false));
  if (refusal !== undefined) return { why: withoutStop(refusal.message) };
  const request = requestOf(plan, 'variables', 0, 'close', false);
  return { transfer: { request, checks: true, summary: plan.summary }, both };
}

/** Why a state does not mean anything in another process; empty where it does. */
export function describeLoss({ state: { plan } }: BothVersions, findings: readonly ProbeFinding[]): string {
  const lost = findings.flatMap(({ check: number, count }) => {
    const check = plan?.checks[number];
    return check?.decisive === true && count > 0 ? [check] : [];
  });
  const [first, ...others] = lost;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : `, and so did ${others.length} more`;
  return `${first.path} (${first.type}) led to memory that was lost with the host${more}. Memory from module_alloc comes along`;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
