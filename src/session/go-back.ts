import { exitCode, HotmodError } from '../errors.js';
import type { KeptGeneration } from '../journal/types.js';
import type { Context } from './context.js';
import type { ModuleRecord, Version } from './records.js';

/** A version that a running module can go back to. */
export interface WayBack extends KeptGeneration {
  /** Absolute path. */
  readonly library: string;
}

/** What a rollback is about: a module that runs, and the version that is to take the place of the one that does. */
export interface Back {
  readonly record: ModuleRecord;
  readonly running: Version;
  readonly target: WayBack;
}

type Wanted = Pick<Context, 'records' | 'history' | 'builder'>;

/**
 * Finds the generation to go back to.
 *
 * @param to its number; null for the one that ran before, however the module came from there.
 * @throws HotmodError HM515 where nothing runs or nothing was kept, HM564 where that number cannot be gone back to, HM565
 *   where the module is pinned.
 */
export function findWayBack(context: Wanted, module: string, to: number | null): Back {
  const record = context.records.get(module);
  const running = record?.running ?? null;
  if (record === undefined || running === null) throw nothingBefore(module, 'it does not run');
  if (record.pin !== null) throw pinned(module, record.pin.generation);
  const kept = context.history.journal.kept(module);
  const ways = kept.flatMap((one): readonly WayBack[] => {
    const library = context.builder.libraryOf(module, one.hash);
    return library === null ? [] : [{ ...one, library }];
  });
  const others = ways.filter((one) => one.hash !== running.hash);
  const target = to === null ? theOneBefore(record, ways, others) : ways.find((one) => one.numbers.includes(to));
  if (target !== undefined && (to === null || target.hash !== running.hash)) return { record, running, target };
  if (to === null) throw nothingBefore(module, 'none was kept');
  throw notThere(module, to, others, target !== undefined);
}

/** In a session that has just begun, nothing ran before; the journal knows what ran in the one before it. */
function theOneBefore(
  { previous }: ModuleRecord,
  ways: readonly WayBack[],
  others: readonly WayBack[],
): WayBack | undefined {
  return previous === null ? others[0] : (ways.find((one) => one.hash === previous.hash) ?? others[0]);
}

export function nothingBefore(module: string, why: string): HotmodError {
  return new HotmodError('HM515', `${module} cannot go back to an earlier generation: ${why}.`, {
    hint: 'Edit the source back, or restore the file from your version control.',
    exitCode: exitCode.refused,
  });
}

function pinned(module: string, generation: number): HotmodError {
  return new HotmodError('HM565', `${module} is pinned at generation ${generation}.`, {
    hint: `"hotmod unpin ${module}" first.`,
    exitCode: exitCode.refused,
  });
}

function notThere(module: string, to: number, others: readonly WayBack[], runs: boolean): HotmodError {
  const why = runs
    ? `Generation ${to} of ${module} runs already.`
    : `There is no generation ${to} of ${module} to go back to.`;
  return new HotmodError('HM564', why, {
    hint: `${listWays(others)} "hotmod history ${module}" shows all, also those whose libraries are gone.`,
    exitCode: exitCode.usage,
  });
}

function listWays(ways: readonly WayBack[]): string {
  if (ways.length === 0) return 'There is none to go back to.';
  return `These can be gone back to: ${ways.map((one) => one.generation).join(', ')}.`;
}
