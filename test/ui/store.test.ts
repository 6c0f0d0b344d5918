import { describe, expect, test } from 'vitest';
import { createBus } from '../../src/events/bus.js';
import type { SessionEvent } from '../../src/events/events.js';
import { createStore, type Timers } from '../../src/ui/store.js';
import { sessionStart } from '../helpers/view-events.js';

/** A clock that moves when told, and the timers that hang on it. */
function clock(): {
  readonly timers: Timers;
  readonly advance: (milliseconds: number) => void;
  readonly waiting: () => number;
} {
  let now = 0;
  const waiting = new Map<NodeJS.Timeout, { readonly due: number; readonly action: () => void }>();
  return {
    timers: {
      now: () => now,
      set(action, milliseconds) {
        const handle = setTimeout(() => undefined, 0).unref();
        waiting.set(handle, { due: now + milliseconds, action });
        return handle;
      },
      clear: (handle) => void waiting.delete(handle),
    },
    waiting: () => waiting.size,
    advance(milliseconds) {
      for (const end = now + milliseconds; now <= end; now += 1) {
        for (const [handle, { due, action }] of [...waiting]) {
          if (due > now || !waiting.delete(handle)) continue;
          action();
        }
      }
      now -= 1;
    },
  };
}

function stats(frame: number): SessionEvent {
  return { type: 'host:stats', frame, rate: 60, paused: false, tickUs: 1 };
}

function follow() {
  const { timers, advance, waiting } = clock();
  const bus = createBus();
  const store = createStore(bus, timers);
  let drawings = 0;
  store.subscribe(() => {
    drawings += 1;
  });
  const drawn = (action: () => void): number => {
    const before = drawings;
    action();
    return drawings - before;
  };
  return { bus, store, advance, waiting, drawn };
}

describe('the store of the Ink view', () => {
  test('draws the first event at once and a burst of a thousand at most twenty times a second', () => {
    const { bus, store, advance, drawn } = follow();
    bus.emit(sessionStart(['traffic']));
    expect(drawn(() => advance(0))).toBe(1);
    const drawings = drawn(() => {
      for (let index = 1; index <= 1000; index += 1) {
        bus.emit({ type: 'build:progress', module: 'traffic', done: index, total: 1000 });
        advance(1);
      }
      advance(50);
    });
    expect(drawings).toBeGreaterThan(15);
    expect(drawings).toBeLessThanOrEqual(21);
    expect(store.snapshot().modules[0]?.progress.done).toBe(1000);
  });

  test('draws the frame counter four times a second after a change, and once a second at most when nobody is there', () => {
    const { bus, store, advance, drawn } = follow();
    let frame = 0;
    const run = (seconds: number) => (): void => {
      for (let step = 0; step < seconds * 20; step += 1) {
        bus.emit(stats(frame++));
        advance(50);
      }
    };
    bus.emit(sessionStart(['traffic']));
    expect(drawn(run(4))).toBeLessThanOrEqual(18);
    run(28)();
    expect(drawn(run(10))).toBeLessThanOrEqual(11);
    store.wake();
    expect(drawn(run(4))).toBeGreaterThan(12);
  });

  test('when nobody is there, shows what a look at the program found at once, and output with it', () => {
    const { bus, store, advance, waiting, drawn } = follow();
    bus.emit(sessionStart(['traffic']));
    advance(31_000);
    bus.emit(stats(1));
    advance(0);
    for (const frame of [2, 3, 4]) {
      advance(300);
      bus.emit({ type: 'host:output', stream: 'stdout', module: 'traffic', text: `frame ${frame}` });
      expect(drawn(() => advance(1650))).toBe(0);
      expect(
        drawn(() => {
          bus.emit(stats(frame));
          advance(0);
        }),
      ).toBe(1);
      expect(store.snapshot().stats?.frame).toBe(frame);
      expect(waiting()).toBe(0);
    }
  });

  test('a change does not wait behind the frame counter', () => {
    const { bus, store, advance } = follow();
    bus.emit(stats(1));
    advance(1);
    bus.emit(stats(2));
    bus.emit(sessionStart(['traffic']));
    advance(51);
    expect(store.snapshot().session?.version).toBe('0.1.0');
  });

  test('has no timer while nothing happens, and none after its end', () => {
    const { bus, store, advance, waiting } = follow();
    bus.emit(sessionStart(['traffic']));
    advance(100);
    expect(waiting()).toBe(0);
    bus.emit(stats(1));
    store[Symbol.dispose]();
    expect(waiting()).toBe(0);
    bus.emit(stats(2));
    expect(waiting()).toBe(0);
  });
});
