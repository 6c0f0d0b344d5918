import type { Context } from './context.js';
import { keptLibraries } from './history.js';

/** What runs, what undo would go back to, and what the next version takes its state from: however old it is. */
export function librariesInUse({ records }: Context): ReadonlySet<string> {
  const versions = [...records.values()].flatMap(({ running, previous, stopped }) => [running, previous, stopped]);
  return new Set(versions.flatMap((version) => (version === null ? [] : [version.library])));
}

/** What is in use, and what anybody may go back to. */
export function librariesToKeep(context: Context): ReadonlySet<string> {
  const { history, builder, records } = context;
  return new Set([...librariesInUse(context), ...keptLibraries(history.journal, builder, records.keys())]);
}

/** The library of a generation, also of one that was replaced long ago; null where it is gone. */
export function libraryOf({ records, history, builder }: Context, module: string, generation: number): string | null {
  const record = records.get(module);
  const versions = [record?.running, record?.previous, record?.stopped];
  const known = versions.find((version) => version?.generation === generation);
  if (known !== undefined && known !== null) return known.library;
  const kept = history.journal.kept(module).find((one) => one.numbers.includes(generation));
  return kept === undefined ? null : builder.libraryOf(module, kept.hash);
}
