import type { EventOf, EventType, HotmodEvent, SessionEvent } from './events.js';

export type Listener = (event: HotmodEvent) => void;

/** One typed stream of events. Listeners are called in the order they came, synchronously. */
export interface Bus {
  emit(event: SessionEvent): void;
  /** Adds a listener and hands back its removal. */
  on(listener: Listener): () => void;
  /** Resolves with the next event of a type (that `accept` takes); used by tests and by the case runner. */
  next<T extends EventType>(type: T, accept?: (event: EventOf<T>) => boolean): Promise<EventOf<T>>;
}

/** @param now the clock, passed in so that recorded streams can be compared in tests. */
export function createBus(now: () => Date = () => new Date()): Bus {
  const listeners = new Set<Listener>();

  const on = (listener: Listener): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  return {
    on,
    emit(event) {
      const stamped: HotmodEvent = { v: 1, time: now().toISOString(), ...event };
      for (const listener of [...listeners]) listener(stamped);
    },
    next(type, accept = () => true) {
      return new Promise((resolve) => {
        const off = on((event) => {
          if (!isOf(event, type) || !accept(event)) return;
          off();
          resolve(event);
        });
      });
    },
  };
}

function isOf<T extends EventType>(event: HotmodEvent, type: T): event is EventOf<T> {
  return event.type === type;
}
