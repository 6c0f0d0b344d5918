import type { Context } from './context.js';
import type { Prepared } from './prepare.js';
import type { ModuleRecord } from './records.js';

/**
 * Compares what the builds read with what the watcher last saw. A difference means that a file changed in a way no
 * event told of; the caller builds again, so that what runs is what is on disk.
 */
export async function findUnsettled(
  context: Context,
  prepared: readonly Prepared[],
  records: readonly ModuleRecord[],
): Promise<readonly string[]> {
  const { watcher } = context;
  const unsettled: string[] = [];
  for (const [index, one] of prepared.entries()) {
    const name = records[index]?.settings.name;
    if (name === undefined || one.kind === 'superseded') continue;
    if (!one.build.settled) {
      unsettled.push(name);
      continue;
    }
    if (watcher === null) continue;
    watcher.add(one.build.inputs);
    const differs = (): readonly string[] =>
      [...one.build.inputs].filter(([path, hash]) => watcher.hashOf(path) !== hash).map(([path]) => path);
    const suspects = differs();
    if (suspects.length === 0) continue;
    await watcher.recheck(suspects);
    if (differs().length > 0) unsettled.push(name);
  }
  return unsettled;
}
