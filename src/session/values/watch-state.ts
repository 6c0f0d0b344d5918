import { messageOf } from '../../errors.js';
import type { SessionEvent } from '../../events/events.js';
import type { Context } from '../context.js';
import { changedValues } from './changed-values.js';
import { inspect } from './inspect.js';

type StateEvent = Extract<SessionEvent, { readonly type: 'module:state' }>;

/** Nothing is asked of the program while nobody watches. */
export interface StateWatch {
  /** The module whose values are looked at from now on; null for none. */
  watch(module: string | null): void;
  /** Reads the values; null where nothing is different from the look before, or nobody watches. */
  look(): Promise<StateEvent | null>;
}

/** What a panel has room for: the beginning of arrays, and addresses instead of what they lead to. */
const depth = { elements: 8, follow: 0 };

export function createStateWatch(context: Context): StateWatch {
  let watched: string | null = null;
  let last: StateEvent | null = null;

  return {
    watch(module) {
      if (module !== watched) last = null;
      watched = module;
    },
    async look() {
      if (watched === null) return null;
      const module = watched;
      const now = await valuesNow(context, module, last);
      // While it was read, the panel may have gone on to another module.
      if (module !== watched || now === null) return null;
      last = now;
      return now;
    },
  };
}

/** Null where it is as it was. After a change it is told once more without one, so that a view can take its marks off. */
async function valuesNow(context: Context, module: string, last: StateEvent | null): Promise<StateEvent | null> {
  try {
    const { values } = await inspect(context, { module, path: null, ...depth });
    // What was there before a crash is what a restart is compared with.
    const changed = last === null ? [] : changedValues(last.values, values).map((one) => one.path);
    const same = last !== null && last.problem === undefined && values.length === last.values.length;
    if (same && changed.length === 0 && last.changed.length === 0) return null;
    return { type: 'module:state', module, values, changed };
  } catch (error) {
    // Whatever it is: looking must not end the session.
    const problem = messageOf(error);
    if (last?.problem === problem) return null;
    return { type: 'module:state', module, values: last?.values ?? [], changed: [], problem };
  }
}
