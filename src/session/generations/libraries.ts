import type { Context } from '../context.js';
import type { KnownLibrary } from '../records.js';
import { keptLibraries } from './history.js';

/** What runs, what undo would go back to, and what the next version takes its state from: however old it is. */
export function versionsInUse({ records }: Pick<Context, 'records'>): readonly KnownLibrary[] {
  return [...records.values()].flatMap(({ settings, running, previous, stopped }) =>
    [running, previous, stopped].flatMap((version) =>
      version === null ? [] : [{ module: settings.name, generation: version.generation, library: version.library }],
    ),
  );
}

export function librariesInUse(context: Context): ReadonlySet<string> {
  return new Set(versionsInUse(context).map(({ library }) => library));
}

/** What is in use, and what anybody may go back to. */
export function librariesToKeep(context: Context): ReadonlySet<string> {
  const { history, builder, records } = context;
  return new Set([...librariesInUse(context), ...keptLibraries(history.journal, builder, records.keys())]);
}
