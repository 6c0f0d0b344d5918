import type { ConflictQuestion } from '../../config/resolved.js';
import type { DecidedConflict } from '../../events/events.js';
import type { MetConflict } from '../../reload/queue.js';
import type { Context } from '../context.js';
import type { ModuleRecord } from '../records.js';
import { decideConflict, type FoundConflict } from './conflict.js';

/** The conflicts of one job, of a rollback or of a dry run: each is decided once, said, and told again with the result. */
export interface JobConflicts {
  /** Decides a conflict, says it, and keeps it for the result. */
  decide(found: FoundConflict): DecidedConflict;
  /** Asks again what an earlier job left open, for an answer may have come: force, or another configuration. */
  askAgain(record: ModuleRecord): void;
  of(module: string): readonly DecidedConflict[];
  /** What was asked and not answered; to be asked again by the next job of the module. */
  open(module: string): readonly ConflictQuestion[];
}

/**
 * @param forced whether the user accepts what is asked for.
 * @param met what was decided, and said, before the job began.
 */
export function createConflicts(
  context: Pick<Context, 'bus' | 'config'>,
  { forced, met = [] }: { readonly forced: boolean; readonly met?: readonly MetConflict[] },
): JobConflicts {
  const all = new Map<string, { readonly found: FoundConflict; readonly decided: DecidedConflict }[]>();
  const add = (found: FoundConflict, decided: DecidedConflict): void => {
    // Of several edits in a row the last one is told.
    const others = (all.get(found.module) ?? []).filter((one) => one.decided.kind !== decided.kind || once(decided));
    all.set(found.module, [...others, { found, decided }]);
  };
  for (const { question, decided } of met) add(question, decided);

  const decide = (found: FoundConflict): DecidedConflict => {
    const decided = decideNow(context, found, forced);
    say(context, found.module, decided);
    add(found, decided);
    return decided;
  };

  return {
    decide,
    askAgain({ settings, asked }) {
      for (const question of asked) {
        if (all.get(settings.name)?.some((one) => one.decided.kind === question.kind)) continue;
        const decided = decideNow(context, question, forced);
        // Other settings than those that asked have answered it.
        if (decided.strategy !== 'ask') continue;
        say(context, settings.name, decided);
        add(question, decided);
      }
    },
    of: (module) => (all.get(module) ?? []).map((one) => one.decided),
    open: (module) =>
      (all.get(module) ?? []).flatMap(({ found, decided: { strategy, decidedBy } }) =>
        // That a version went down shows again at the next build.
        'because' in found || found.kind === 'versionDown' || strategy !== 'ask' || decidedBy === 'user' ? [] : [found],
      ),
  };
}

/** Two symbols are two conflicts; an edit that follows another is the same one. */
function once({ kind }: DecidedConflict): boolean {
  return kind === 'duplicateSymbol' || kind === 'rangesCannotMeet';
}

/** Decides by the settings of now. */
export function decideNow(
  { bus, config }: Pick<Context, 'bus' | 'config'>,
  found: FoundConflict,
  forced: boolean,
): DecidedConflict {
  const { module } = found;
  const onProblem = (message: string): void => bus.emit({ type: 'session:problem', code: 'HM485', message, module });
  return decideConflict(found, config.reload.onConflict, { forced, onProblem });
}

export function say({ bus }: Pick<Context, 'bus'>, module: string, decided: DecidedConflict): void {
  bus.emit({ type: 'conflict', module, ...decided });
}
