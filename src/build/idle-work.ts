import { setTimeout as delay } from 'node:timers/promises';

/** Work that may wait, done one piece at a time while nothing else is to be done. */
export interface IdleWork extends AsyncDisposable {
  /** Nothing of it runs until the returned function is called; a piece that runs is ended and starts anew later. */
  hold(): () => void;
  /**
   * Does `work` when there is time for it. An offer under the same key takes the place of one that waits; where too many
   * wait, the oldest is dropped.
   */
  offer(key: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Settles when nothing waits or runs. */
  done(): Promise<void>;
}

export interface IdleOptions {
  /** How long nothing must have been held before a piece of work starts: what follows a build should have its processors. */
  readonly restMs?: number;
  /** Pieces that wait at a time: an edit that concerns a thousand files must not keep the machine busy for an hour. */
  readonly most?: number;
}

export function createIdleWork({ restMs = 300, most = 8 }: IdleOptions = {}): IdleWork {
  const waiting = new Map<string, (signal: AbortSignal) => Promise<void>>();
  let holds = 0;
  let closed = false;
  let running: { readonly ended: Promise<void>; readonly controller: AbortController } | undefined;
  let onDone: (() => void)[] = [];

  const settle = (): void => {
    if (running !== undefined || (waiting.size > 0 && !closed)) return;
    for (const tell of onDone.splice(0)) tell();
  };

  const look = (): void => {
    const [next] = waiting;
    if (closed || holds > 0 || running !== undefined || next === undefined) return settle();
    const [key, work] = next;
    const controller = new AbortController();
    const { signal } = controller;
    const ended = (async () => {
      try {
        await delay(restMs, undefined, { signal, ref: false });
        await work(signal);
      } catch {
        // What could not be done in idle time is not needed by anybody.
      }
      running = undefined;
      // A newer offer under this key waits in its place.
      if (!signal.aborted && waiting.get(key) === work) waiting.delete(key);
      look();
    })();
    running = { ended, controller };
  };

  return {
    hold() {
      holds++;
      running?.controller.abort();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds--;
        look();
      };
    },
    offer(key, work) {
      if (closed) return;
      waiting.delete(key);
      waiting.set(key, work);
      const [oldest] = waiting.keys();
      if (waiting.size > most && oldest !== undefined) waiting.delete(oldest);
      look();
    },
    done: () =>
      new Promise((resolve) => {
        onDone.push(resolve);
        settle();
      }),
    async [Symbol.asyncDispose]() {
      closed = true;
      waiting.clear();
      running?.controller.abort();
      await running?.ended;
      settle();
      onDone = [];
    },
  };
}
