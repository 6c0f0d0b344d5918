import { exitCode, HotmodError } from '../../errors.js';
import type { KeptGeneration } from '../../journal/types.js';
import type { Context } from '../context.js';
import type { ModuleRecord, Version } from '../records.js';

/** A version that a module can go back to. */
export interface WayBack extends KeptGeneration {
  /** Absolute path. */
  readonly library: string;
}

/** A module that is to go back. */
export interface BackTo {
  readonly module: string;
  /** Null for the generation that ran before. */
  readonly to: number | null;
}

/** What a rollback is about: a module, and the version that is to take the place of what runs. */
export interface Back {
  readonly record: ModuleRecord;
  /** The version whose state is taken over: what runs, or what crashed too often; null where there is neither. */
  readonly before: Version | null;
  readonly target: WayBack;
}

type Wanted = Pick<Context, 'records' | 'history' | 'builder'>;

/**
 * Finds the generation to go back to.
 *
 * @param to its number; null for the one that ran before, however the module came from there.
 * @throws HotmodError HM515 where no other one was kept, HM564 where that number cannot be gone back to, HM565 where the
 *   module is pinned.
 */
export function findWayBack(context: Wanted, module: string, to: number | null): Back {
  const record = context.records.get(module);
  if (record === undefined) throw nothingBefore(module, 'it is not known');
  if (record.pin !== null) throw pinned(module, record.pin.generation);
  const before = record.running ?? record.stopped;
  const ways = context.history.journal.kept(module).flatMap((one): readonly WayBack[] => {
    const library = context.builder.libraryOf(module, one.hash);
    return library === null ? [] : [{ ...one, library }];
  });
  const others = ways.filter((one) => one.hash !== before?.hash);
  if (to === null) {
    // What ran last may be what is to be got away from, or the only good one; nobody but the user knows.
    if (before === null) throw nothingBefore(module, `it does not run. Name a generation with --to. ${listWays(ways)}`);
    const target = theOneBefore(record, others);
    if (target === undefined) throw nothingBefore(module, 'none was kept.');
    return { record, before, target };
  }
  const target = others.find((one) => one.numbers.includes(to));
  if (target !== undefined) return { record, before, target };
  throw notThere(module, to, others, before !== null && ways.some((one) => one.numbers.includes(to)));
}

/** In a session that has just begun, nothing ran before; the journal knows what ran in the one before it. */
function theOneBefore({ previous }: ModuleRecord, others: readonly WayBack[]): WayBack | undefined {
  return others.find((one) => one.hash === previous?.hash) ?? others[0];
}

export function nothingBefore(module: string, why: string): HotmodError {
  return new HotmodError('HM515', `${module} cannot go back to an earlier generation: ${why}`, {
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
    ? `Generation ${to} of ${module} is what runs, or ran last.`
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
