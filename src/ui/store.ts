import type { Bus } from '../events/bus.js';
import type { EventType } from '../events/events.js';
import { reduce } from '../view/reduce.js';
import { initialState, type ViewState } from '../view/state.js';

/** At most one drawing in this time, milliseconds: twenty a second. */
const newsInterval = 50;
/**
 * What changes all the time (frame counter, views, output) is drawn four times a second while somebody is at work,
 * that is, for half a minute after a save or a key. Later output is, once in two seconds: with cold caches one drawing
 * costs 3 to 5 ms, and a session in which nobody does anything has to stay below one per cent of a core. What a look at the
 * program brings is drawn at once then, because looks are no more frequent (session/values/live.ts): shown later, it would
 * be older by as much and cost another wake-up.
 */
const quietInterval = 250;
const idleIntervals = { output: 2000, look: 1000 } as const;
const idleAfter = 30_000;
const lookTypes: ReadonlySet<EventType> = new Set(['host:stats', 'module:view', 'module:state']);

/** Timers as the store needs them, passed in by tests. */
export interface Timers {
  now(): number;
  set(action: () => void, milliseconds: number): NodeJS.Timeout;
  clear(timer: NodeJS.Timeout): void;
}

export interface ViewStore extends Disposable {
  /** The state as it was last published; the same object until it is published again. */
  readonly snapshot: () => ViewState;
  readonly subscribe: (listener: () => void) => () => void;
  /** Somebody is here: draw what changes all the time more often for a while. */
  wake(): void;
  /** Publishes what has come in since, now. */
  flush(): void;
}

/**
 * Follows the bus and publishes the state to the components. Every event is reduced at once; only drawing waits, so
 * that a burst of events costs one drawing, the first event after a quiet time is seen at once, and while nothing
 * happens no timer runs.
 */
export function createStore(bus: Bus, timers: Timers = systemTimers): ViewStore {
  let current = initialState;
  let published = initialState;
  let lastPublished = Number.NEGATIVE_INFINITY;
  let lastNews = timers.now();
  let pending: { readonly timer: NodeJS.Timeout; readonly due: number } | null = null;
  const listeners = new Set<() => void>();

  const publish = (): void => {
    if (pending !== null) timers.clear(pending.timer);
    pending = null;
    if (published === current) return;
    published = current;
    lastPublished = timers.now();
    for (const listener of [...listeners]) listener();
  };

  const publishWithin = (interval: number): void => {
    const now = timers.now();
    const due = Math.max(now, lastPublished + interval);
    if (pending !== null && pending.due <= due) return;
    if (pending !== null) timers.clear(pending.timer);
    pending = { timer: timers.set(publish, due - now), due };
  };

  const off = bus.on((event) => {
    const next = reduce(current, event);
    if (next === current) return;
    current = next;
    const now = timers.now();
    const isLook = lookTypes.has(event.type);
    if (!isLook && event.type !== 'host:output') {
      lastNews = now;
      publishWithin(newsInterval);
    } else if (now - lastNews < idleAfter) publishWithin(quietInterval);
    else publishWithin(isLook ? idleIntervals.look : idleIntervals.output);
  });

  return {
    snapshot: () => published,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wake() {
      lastNews = timers.now();
    },
    flush: publish,
    [Symbol.dispose]() {
      off();
      if (pending !== null) timers.clear(pending.timer);
      pending = null;
      listeners.clear();
    },
  };
}

/** A waiting drawing must not keep the process alive, hence `unref`. */
const systemTimers: Timers = {
  now: () => performance.now(),
  set: (action, milliseconds) => setTimeout(action, milliseconds).unref(),
  clear: (timer) => clearTimeout(timer),
};
