import type { ConflictQuestion } from '../../config/resolved.js';
import type { ConflictStrategy } from '../../events/events.js';
import type { Job, MetEdit } from '../../reload/queue.js';
import type { Context } from '../context.js';
import { decideNow, say } from './job-conflicts.js';

/**
 * An edit of modules that are being brought up to date with an earlier one. Where a function of the config says different
 * things of several modules, the most careful one counts: they are one job, which is let finish or is not.
 */
export function meetEdit(context: Context, edit: Job, underWay: Job): MetEdit {
  const running = [...underWay.modules];
  const answers = running
    .filter((module) => edit.modules.has(module))
    .map((module) => {
      const question: ConflictQuestion = { kind: 'editDuringTransaction', module, running };
      return { question, decided: decideNow(context, question, false) };
    });
  const decided = careful.flatMap((one) => answers.find((answer) => answer.decided.strategy === one)?.decided ?? [])[0];
  if (decided === undefined) return { finishFirst: false, conflicts: [] };
  for (const { question } of answers) say(context, question.module, decided);
  return {
    finishFirst: decided.strategy !== 'latest',
    conflicts: answers.map(({ question }) => ({ question, decided })),
  };
}

const careful: readonly ConflictStrategy[] = ['keep', 'ask', 'latest'];
