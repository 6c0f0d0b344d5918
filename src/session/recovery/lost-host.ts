import { type EndPolicy, endPolicies } from '../../config/resolved.js';
import type { HostEnd } from '../../host/host.js';
import type { Context } from '../context.js';
import type { ModuleRecord } from '../records.js';
import { endClassOf, endReportOf, whoSays } from './crash-report.js';
import { describeHostEnd, howItEnded } from './host-ends.js';
import { countCrash } from './restart-intensity.js';
import { onProbation, stop, takeBack } from './stand-down.js';
import { symbolise } from './symbolise.js';

export interface Accounted {
  /** To be called when all modules run again, or not. */
  settled(restarted: boolean): void;
  /** Modules whose state may be the reason. */
  readonly suspects: ReadonlySet<string>;
}

/**
 * The host process is gone. Reports which module ended it and how; decides which version of that module is to run
 * from now on. A new host and `takeOver` follow.
 */
export async function accountForHost(context: Context, end: HostEnd): Promise<Accounted> {
  const heardAt = performance.now();
  const { code, message } = describeHostEnd(end);
  const symbolised = await symbolise(context, { ...end, signal: end.how }, context.arriving.values());
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
    message: `${message} A new one takes over.`,
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
  // With the same state it would come to the same end.
  const again = blamed !== null && end.frames < context.config.host.probationFrames && tookOver(blamed);
  if (blamed !== null) carryOutEnd(context, blamed, end, fate, whoSays(errorClass, chosen !== null));
  const isSuspect = again || (blamed !== null && endedBefore(context, blamed));
  const settled = (restarted: boolean): void => {
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
  return { settled, suspects: new Set(isSuspect ? [end.module] : []) };
}

type FateOfEnd = Exclude<EndPolicy, 'default'> | 'first' | 'tooOften';

/** What becomes of the module that ended the host. Notes nothing. */
function fateOfEnd(context: Context, record: ModuleRecord, { frames }: HostEnd, policy: EndPolicy): FateOfEnd {
  const { restart, probationFrames } = context.config.host;
  if (policy === 'stop') return 'stop';
  if (onProbation(context, record, frames) && policy !== 'restartHost') return 'rollBack';
  // There is nothing to go back to, and starting it again would only take the others down once more.
  if (policy === 'default' && frames < probationFrames && !tookOver(record)) return 'first';
  if (countCrash(record.crashes, performance.now(), restart).tooMany) return 'tooOften';
  return policy === 'rollBack' && record.previous !== null ? 'rollBack' : 'restartHost';
}

/** It went on with the state that the host before had left: that may be the reason, and not the version. */
function tookOver({ running, tookOver: generation }: ModuleRecord): boolean {
  return running !== null && running.generation === generation;
}

/** Whether it was this module that ended the host before, too, and not long ago. Notes this time. */
function endedBefore({ config }: Context, record: ModuleRecord): boolean {
  const now = performance.now();
  const before = record.endedHostAt;
  record.endedHostAt = now;
  return before !== null && now - before < config.host.restart.withinMs;
}

function carryOutEnd(context: Context, record: ModuleRecord, end: HostEnd, fate: FateOfEnd, why: string): void {
  const { code } = describeHostEnd(end);
  const { name } = record.settings;
  const how = howItEnded(end.how);
  // A version on probation has but one way back, which bounds it by itself.
  if (fate !== 'rollBack' || !onProbation(context, record, end.frames))
    record.crashes = countCrash(record.crashes, performance.now(), context.config.host.restart).crashes;
  if (fate === 'rollBack') takeBack(context, record, { code, how, frames: end.frames, state: 'in a new host' });
  if (fate === 'stop') stop(context, record, 'HM535', `${name} ${how}, for which ${why} "stop",`);
  if (fate === 'first') stop(context, record, code, `${name} ${how} in its first frames`);
  if (fate === 'tooOften') stop(context, record, 'HM513', `${name} ended the host too often (last time it ${how})`);
}
