import type { Context } from '../context.js';
import type { ModuleRecord } from '../records.js';
import { emitOutcome } from '../reporter.js';

interface Crash {
  readonly code: string;
  /** To stand after the name of the version. */
  readonly how: string;
  readonly frames: number;
  /** What the version before it runs again with. */
  readonly state: string;
}

export function onProbation(context: Context, record: ModuleRecord, frames: number): boolean {
  return record.previous !== null && frames < context.config.host.probationFrames;
}

export function takeBack(context: Context, record: ModuleRecord, crash: Crash): void {
  const bad = record.running;
  record.running = record.previous;
  record.previous = null;
  emitOutcome(context, record, {
    outcome: 'rolledBack',
    generation: bad?.generation ?? 0,
    level: bad?.level ?? 'SAFE',
    code: crash.code,
    message: `Generation ${bad?.generation} ${crash.how} after ${crash.frames} frames; generation ${record.running?.generation} runs again, ${crash.state}.`,
  });
}

export function stop(context: Context, record: ModuleRecord, code: string, why: string): void {
  const bad = record.running;
  record.running = null;
  record.previous = null;
  record.crashes = [];
  emitOutcome(context, record, {
    outcome: 'failed',
    generation: bad?.generation ?? 0,
    level: bad?.level ?? 'SAFE',
    code,
    message: `${why} and was stopped; its next successful build starts it again.`,
  });
}
