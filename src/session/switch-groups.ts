import type { Context } from './context.js';
import type { Ready, Reporter } from './reporter.js';
import { holdBack, switchGroup, type Terms } from './switch-group.js';
import { missingProvider, waitsFor } from './waiting.js';

/** What became of several groups: for those that are in neither list an outcome was emitted. */
export interface Switching {
  readonly interrupted: readonly string[];
  /** Why nothing may be replaced now; null where that is not so. */
  readonly deferred: string | null;
}

/**
 * So many modules start beside each other: while one is on its way through the host, the next ones are judged and noted,
 * so that nobody waits for the other's answers. The host itself takes one step after the other, in the order asked.
 */
const startsAtOnce = 32;

/**
 * Switches each group by itself, in order. Modules that start alone begin before those before them have ended, but for those
 * that need one of them.
 */
export async function switchGroups(
  context: Context,
  reporter: Reporter,
  groups: readonly (readonly Ready[])[],
  terms: Pick<Terms, 'accepts' | 'overrule'>,
): Promise<Switching> {
  const interrupted: string[] = [];
  let deferred: string | null = null;
  let gone = false;
  const underWay = new Map<string, Promise<void>>();
  context.arriving.clear();

  const carryOut = async (group: readonly Ready[], beside: boolean): Promise<void> => {
    const fate = await switchGroup(context, reporter, group, { ...terms, beside });
    if (fate === 'interrupted') interrupted.push(...group.map(nameOf));
    if (fate === 'interrupted' || fate === 'hostGone') gone = true;
    if (typeof fate === 'object') deferred = fate.deferred;
  };

  const begin = async (group: readonly Ready[]): Promise<void> => {
    const beside = isFirstStart(group) && !context.startsAlone;
    if (!beside || needsOneOf(group, underWay)) await Promise.all(underWay.values());
    else if (underWay.size >= startsAtOnce) await Promise.race(underWay.values());
    if (startsLater(context, reporter, group)) return;
    if (gone) {
      interrupted.push(...group.map(nameOf));
      return;
    }
    const name = group[0] === undefined ? '' : nameOf(group[0]);
    const done = carryOut(group, beside).finally(() => underWay.delete(name));
    underWay.set(name, done);
    if (!beside) await done;
  };

  try {
    for (const group of groups) await begin(group);
    await Promise.all(underWay.values());
  } finally {
    // Whatever failed, nothing of this job may go on when the next one has its turn.
    await Promise.allSettled(underWay.values());
  }
  return { interrupted, deferred };
}

function nameOf({ record }: Ready): string {
  return record.settings.name;
}

function isFirstStart(group: readonly Ready[]): boolean {
  return group.length === 1 && group.every(({ record }) => record.running === null && record.stopped === null);
}

function needsOneOf(group: readonly Ready[], underWay: ReadonlyMap<string, unknown>): boolean {
  return group.some(({ record }) => record.settings.dependencies.some(({ name }) => underWay.has(name)));
}

/** A module by itself whose provider was to start before it, and did not. */
function startsLater(context: Context, reporter: Reporter, group: readonly Ready[]): boolean {
  const [one] = group;
  if (one === undefined || group.length > 1 || one.record.running !== null) return false;
  const provider = missingProvider(context, one.record);
  if (provider === null) return false;
  holdBack(context, reporter, group, [provider.name], waitsFor(context, provider));
  return true;
}
