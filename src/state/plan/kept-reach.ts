import type { PlainType } from '../../layout/strip.js';
import type { PlanContext } from './context.js';
import { type Asked, isAnsweredAlike, noteQuestions, type Questions } from './questions.js';
import type { Reach } from './reached.js';

interface Kept {
  readonly reach: Reach;
  readonly asked: readonly Asked[];
}

/** By the type that two builds have in common; of each the newest answer. */
const kept = { behind: new WeakMap<PlainType, Kept>(), byValue: new WeakMap<PlainType, Kept>() };

/**
 * Where a type is the same object in both builds, what can be reached from it hangs on nothing but the answers to the
 * questions that were asked on the way. As long as two builds give the same answers, the way need not be gone again.
 */
export function keptReach(
  context: PlanContext,
  type: PlainType,
  behind: boolean,
  walk: (questions: Questions) => Reach,
): Reach {
  // Virtual tables belong to the builds, whichever types they share.
  if (context.changedTables().size > 0) return walk(context.questions);
  const answers = behind ? kept.behind : kept.byValue;
  const known = answers.get(type);
  if (known?.asked.every((one) => isAnsweredAlike(context.questions, one)) === true) return known.reach;
  const asked = new Map<string, Asked>();
  const reach = walk(noteQuestions(context.questions, asked));
  answers.set(type, { reach, asked: [...asked.values()] });
  return reach;
}
