import type { Context } from './context.js';

/** Rounds in a row after which a module that is never built from what is on disk is left until its next change. */
const mostRounds = 5;

/** The modules to build once more; those that changed under the compiler too many times are named instead. */
export function againAndAgain(
  context: Context,
  built: ReadonlySet<string>,
  unsettled: readonly string[],
): readonly string[] {
  for (const name of built) {
    const record = context.records.get(name);
    if (record !== undefined) record.unsettledRounds = unsettled.includes(name) ? record.unsettledRounds + 1 : 0;
  }
  return unsettled.filter((name) => {
    const record = context.records.get(name);
    if (record === undefined || record.unsettledRounds < mostRounds) return record !== undefined;
    record.unsettledRounds = 0;
    const message = `Files of ${name} changed during each of ${mostRounds} builds in a row; it is built again at the next change.`;
    context.bus.emit({ type: 'session:problem', code: 'HM525', message, module: name });
    return false;
  });
}
