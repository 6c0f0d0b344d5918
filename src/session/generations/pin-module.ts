import type { KeptGeneration } from '../../journal/types.js';
import type { Context } from '../context.js';
import { nothingBefore } from './go-back.js';
import { pinOf } from './pins.js';
import { rollback } from './rollback.js';

/**
 * Has a module stay at a generation, going back to it first where it does not run.
 *
 * @returns whether it runs now, and is pinned.
 * @throws HotmodError see `findWayBack`.
 */
export async function pinModule(context: Context, module: string, at: number | null): Promise<boolean> {
  const { journal } = context.history;
  const record = context.records.get(module);
  const runs = (): KeptGeneration | undefined => journal.kept(module).find((one) => one.hash === record?.running?.hash);
  const there = at === null || (runs()?.numbers.includes(at) ?? false);
  const [went] = there ? [] : await rollback(context, { targets: [{ module, to: at }], force: false });
  if (went !== undefined && went.outcome !== 'reloaded' && went.outcome !== 'loaded') return false;
  const pin = pinOf(context, runs());
  if (record === undefined || pin === null) throw nothingBefore(module, 'nothing of it runs that was kept.');
  record.pin = pin;
  journal.pin(module, pin.generation);
  context.bus.emit({ type: 'module:pinned', module, generation: pin.generation });
  return true;
}
