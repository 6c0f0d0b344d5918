import type { Past, PastRequest } from '../../control/protocol.js';
import { exitCode, HotmodError } from '../../errors.js';
import type { JournalReader } from '../../journal/types.js';

/**
 * What "hotmod history" shows, of the running session or of a journal alone.
 *
 * @param running module -> the generation that runs; empty without a session.
 * @throws HotmodError HM568 where a difference was asked for that the journal cannot tell.
 */
export function readPast(
  journal: JournalReader,
  running: ReadonlyMap<string, number>,
  { module, limit, diff }: PastRequest,
): Past {
  if (module !== null && diff !== null) {
    const difference = journal.difference(module, diff);
    if (difference === null) throw noTexts(module, diff);
    return { entries: [], difference };
  }
  const pins = journal.pins();
  const kept = new Map<string, ReadonlySet<number>>();
  const keptOf = (name: string): ReadonlySet<number> => {
    const known = kept.get(name) ?? new Set(journal.kept(name).flatMap((one) => one.numbers));
    kept.set(name, known);
    return known;
  };
  const entries = journal.entries({ module, limit }).map((entry) => ({
    ...entry,
    running: entry.generation > 0 && running.get(entry.module) === entry.generation,
    pinned: entry.generation > 0 && pins.get(entry.module) === entry.generation,
    kept: keptOf(entry.module).has(entry.generation),
  }));
  return { entries, difference: null };
}

function noTexts(module: string, generation: number): HotmodError {
  return new HotmodError('HM568', `Nothing is known of what generation ${generation} of ${module} changed.`, {
    hint: `The first generation has none before it, and the texts of old ones are let go. "hotmod history ${module}" lists them all.`,
    exitCode: exitCode.usage,
  });
}
