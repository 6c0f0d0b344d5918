import type { ModuleFacts } from '../host/host.js';
import type { AssessedEntry, AssessedLibrary, PreviousVersion } from './types.js';

/** Whether a version does something with its state: `unknown` is an answer of its own and never counts as a yes. */
export type Answer = 'yes' | 'no' | 'unknown';

/** Whether the version that leaves gives its state to the one that comes. */
export function savesState(previous: PreviousVersion): Answer {
  if (previous.running !== null) return answer(previous.running.hooks.includes('save_state'));
  return fromFile(previous.library.entry, previous.library.entry.saveState);
}

/**
 * Whether the version that comes takes state. The hooks of a module of the interface style stand in a table that only
 * its code returns, so before it is loaded it is taken to have the hooks of the version that runs; `confirm` looks again
 * once its own are known.
 */
export function loadsState(next: AssessedLibrary, previous: PreviousVersion): Answer {
  const fromExports = fromFile(next.entry, next.entry.loadState);
  if (fromExports !== 'unknown' || previous.running === null) return fromExports;
  // A running version of another style says nothing about an interface.
  if (previous.running.style !== 'interface') return 'unknown';
  // A hook that the running version lacks may well be what the new one adds, so its absence proves nothing.
  return loadsStateNow(previous.running) === 'yes' ? 'yes' : 'unknown';
}

export function loadsStateNow(facts: ModuleFacts): Answer {
  return answer(facts.hooks.includes('load_state'));
}

function fromFile(entry: AssessedEntry, name: string | null): Answer {
  return entry.getInterface !== null ? 'unknown' : answer(name !== null);
}

function answer(yes: boolean): Answer {
  return yes ? 'yes' : 'no';
}
