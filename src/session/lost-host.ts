import { type EndPolicy, endPolicies } from '../config/resolved.js';
import type { HostEnd } from '../host/host.js';
import type { Context } from './context.js';
import { endClassOf, endReportOf, whoSays } from './crash-report.js';
import { describeHostEnd, howItEnded } from './host-ends.js';
import type { ModuleRecord } from './records.js';
import { countCrash } from './restart-intensity.js';
import { onProbation, stop, takeBack } from './stand-down.js';
import { symbolise } from './symbolise.js';

/**
 * The host process is gone. Reports which module ended it and how; decides which version of that module is to run
 * from now on. `openHost` and `restartModules` follow.
 *
 * @returns to be called when they have, with whether all went well.
 */
export async function accountForHost(context: Context, end: HostEnd): Promise<(restarted: boolean) => void> {
  const heardAt = performance.now();
  const { code, message } = describeHostEnd(end);
  const symbolised = await symbolise(context, { ...end, signal: end.how }, context.arriving);
  const { innermost, ...place } = symbolised;
  context.bus.emit({
    type: 'host:crash',
    signal: end.how,
    module: end.module,
    generation: end.generation,
    function: innermost.function,
    file: innermost.file,
    line: innermost.line,
    code,
    message: `${message} All modules start afresh in a new one; their state is lost.`,
    fatal: true,
    ...place,
  });
  for (const one of context.records.values()) one.stopped = null;
  const record = context.records.get(end.module) ?? null;
  const blamed = record?.running?.generation === end.generation ? record : null;
  const errorClass = endClassOf(end);
  const policy = context.config.recovery.policy[errorClass];
  const planned = blamed === null ? 'restartHost' : fateOfEnd(context, blamed, end, policy);
  const report = endReportOf(end, symbolised, planned, blamed !== null);
  const answer = await context.recoveries.crashed(report);
  const chosen = endPolicies.find((one) => one === answer) ?? null;
  const fate = blamed === null || chosen === null ? planned : fateOfEnd(context, blamed, end, chosen);
  if (blamed !== null) carryOutEnd(context, blamed, end, fate, whoSays(errorClass, chosen !== null));
  return (restarted) => {
    const runs = record?.running?.generation ?? 0;
    const action = fate === 'first' || fate === 'tooOften' ? 'stop' : fate;
    context.recoveries.dealtWith(
      {
        ...{ module: end.module, crashed: end.generation, generation: runs, errorClass, action },
        recoveryMs: performance.now() - heardAt,
      },
      { recovered: restarted && (end.module === '' || runs > 0), tried: fate !== 'stop' },
    );
  };
}

type FateOfEnd = Exclude<EndPolicy, 'default'> | 'first' | 'tooOften';

/** What becomes of the module that ended the host. Notes nothing. */
function fateOfEnd(context: Context, record: ModuleRecord, { frames }: HostEnd, policy: EndPolicy): FateOfEnd {
  const { restart, probationFrames } = context.config.host;
  if (policy === 'stop') return 'stop';
  if (onProbation(context, record, frames) && policy !== 'restartHost') return 'rollBack';
  // There is nothing to go back to, and starting it again would only take the others down once more.
  if (policy === 'default' && frames < probationFrames) return 'first';
  if (countCrash(record.crashes, performance.now(), restart).tooMany) return 'tooOften';
  return policy === 'rollBack' && record.previous !== null ? 'rollBack' : 'restartHost';
}

function carryOutEnd(context: Context, record: ModuleRecord, end: HostEnd, fate: FateOfEnd, why: string): void {
  const { code } = describeHostEnd(end);
  const { name } = record.settings;
  const how = howItEnded(end.how);
  // A version on probation has but one way back, which bounds it by itself.
  if (fate !== 'rollBack' || !onProbation(context, record, end.frames))
    record.crashes = countCrash(record.crashes, performance.now(), context.config.host.restart).crashes;
  if (fate === 'rollBack') takeBack(context, record, { code, how, frames: end.frames, state: 'from its start' });
  if (fate === 'stop') stop(context, record, 'HM535', `${name} ${how}, for which ${why} "stop",`);
  if (fate === 'first') stop(context, record, code, `${name} ${how} in its first frames`);
  if (fate === 'tooOften') stop(context, record, 'HM513', `${name} ended the host too often (last time it ${how})`);
}
