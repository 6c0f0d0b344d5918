/** Work that may wait, done one piece at a time while nothing else is to be done. */
export interface IdleWork extends AsyncDisposable {
  /** Nothing of it runs until the returned function is called; a piece that runs is aborted and done again later. */
  hold(): () => void;
  /**
   * Does `work` when there is time for it. It takes the place of what waits under the same key: of a file saved ten times
   * only the last version is worth it. What fails is over; a piece says itself what went wrong.
   */
  offer(key: string, work: Work): void;
  /** Settles when nothing waits or runs. */
  done(): Promise<void>;
  /** Does what waits now without a rest before it, for at most so long, and drops what is left. */
  finish(limitMs: number): Promise<void>;
}

export interface IdleOptions {
  /** How long nothing must have been held before a piece of work starts: what follows a build should have its processors. */
  readonly restMs?: number;
  /**
   * Pieces that wait at a time, the oldest of which is dropped for a newer one: an edit that concerns a thousand files must
   * not keep the machine busy for an hour. Default: as many as are offered.
   */
  readonly most?: number;
  /** Called each time when nothing waits any more. */
  readonly afterwards?: () => Promise<void>;
}

type Work = (signal: AbortSignal) => Promise<void>;

export function createIdleWork(options: IdleOptions = {}): IdleWork {
  const { restMs = 300, most = Number.POSITIVE_INFINITY, afterwards = async () => undefined } = options;
  const waiting = new Map<string, Work>();
  let holds = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: { readonly ended: Promise<void>; readonly controller: AbortController } | undefined;
  let onDone: (() => void)[] = [];

  const settle = (): void => {
    if (running !== undefined || (waiting.size > 0 && !closed)) return;
    for (const tell of onDone.splice(0)) tell();
  };

  const runAll = async (signal: AbortSignal): Promise<void> => {
    for (let [next] = waiting; next !== undefined && !signal.aborted; [next] = waiting) {
      const [key, work] = next;
      waiting.delete(key);
      await work(signal).catch(() => undefined);
      if (signal.aborted && !waiting.has(key)) waiting.set(key, work);
    }
    if (!signal.aborted) await afterwards().catch(() => undefined);
  };

  const start = (): Promise<void> => {
    const controller = new AbortController();
    const ended = Promise.resolve()
      .then(() => runAll(controller.signal))
      .then(() => {
        running = undefined;
        rest();
      });
    running = { ended, controller };
    return ended;
  };

  const rest = (): void => {
    clearTimeout(timer);
    if (closed || holds > 0 || running !== undefined || waiting.size === 0) return settle();
    timer = setTimeout(start, restMs);
    // It must not keep a program from ending that has nothing else to do.
    timer.unref();
  };

  return {
    hold() {
      holds++;
      clearTimeout(timer);
      running?.controller.abort();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds--;
        rest();
      };
    },

    offer(key, work) {
      if (closed) return;
      waiting.delete(key);
      waiting.set(key, work);
      const [oldest] = waiting.keys();
      if (waiting.size > most && oldest !== undefined) waiting.delete(oldest);
      rest();
    },

    done: () =>
      new Promise((resolve) => {
        onDone.push(resolve);
        settle();
      }),

    async finish(limitMs) {
      let isLate = false;
      const late = setTimeout(() => {
        isLate = true;
        running?.controller.abort();
      }, limitMs);
      // What was aborted a moment ago ends first, and then the rest has its turn.
      await running?.ended;
      clearTimeout(timer);
      if (!isLate && waiting.size > 0) await start();
      clearTimeout(late);
      clearTimeout(timer);
      waiting.clear();
      settle();
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(timer);
      waiting.clear();
      running?.controller.abort();
      await running?.ended;
      settle();
      onDone = [];
    },
  };
}
