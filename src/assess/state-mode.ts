import type { ModuleFacts } from '../host/host.js';
import type { AssessedEntry, AssessedLibrary, AssessRequest, PreviousVersion } from './types.js';

/** Whether a version does something with its state: `unknown` is an answer of its own and never counts as a yes. */
type Answer = 'yes' | 'no' | 'unknown';

/**
 * How state gets from one version to the next. `saved`: the old one's save_state and the new one's load_state.
 * `variables`: by a transfer plan made from the types of both. `none`: nothing ran before.
 */
export type StateMode = 'none' | 'saved' | 'variables';

/**
 * Both hooks must be there for `saved`. Before the new version is loaded that may only be supposed: an interface-style
 * module's hooks stand in a table that only its code returns, and until then it is taken to have those of the version
 * that runs. Where not even the old one's are known, the stricter way is judged: its variables.
 */
export function stateMode({ previous, library, staged }: AssessRequest): StateMode {
  if (previous === null) return 'none';
  if (savesState(previous) !== 'yes') return 'variables';
  if (staged !== null) return staged.facts.hooks.includes('load_state') ? 'saved' : 'variables';
  return library !== null && loadsState(library, previous) === 'no' ? 'variables' : 'saved';
}

/** The same, once both versions are loaded. */
export function stateModeOf(running: ModuleFacts | null, staged: ModuleFacts): StateMode {
  if (running === null) return 'none';
  return running.hooks.includes('save_state') && staged.hooks.includes('load_state') ? 'saved' : 'variables';
}

function savesState(previous: PreviousVersion): Answer {
  if (previous.running !== null) return answer(previous.running.hooks.includes('save_state'));
  return fromFile(previous.library.entry, previous.library.entry.saveState);
}

function loadsState(next: AssessedLibrary, previous: PreviousVersion): Answer {
  const fromExports = fromFile(next.entry, next.entry.loadState);
  if (fromExports !== 'unknown' || previous.running?.style !== 'interface') return fromExports;
  // A hook that the running version lacks may well be what the new one adds, so its absence proves nothing.
  return previous.running.hooks.includes('load_state') ? 'yes' : 'unknown';
}

function fromFile(entry: AssessedEntry, name: string | null): Answer {
  return entry.getInterface !== null ? 'unknown' : answer(name !== null);
}

function answer(yes: boolean): Answer {
  return yes ? 'yes' : 'no';
}
