/** Work that is done once nobody waits for a build. */
export interface KeepQueue {
  /** Until what it returns is called, nothing of the queue runs; what runs is aborted and done again later. */
  hold(): () => void;
  /** Takes the place of what waits under the same name: of a file saved ten times only the last version is worth it. */
  add(name: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Does all that waits now, for at most so long, and leaves the rest. */
  finish(limitMs: number): Promise<void>;
}

/** `afterwards` is called each time the queue has become empty. */
export function createKeepQueue(restMs: number, afterwards: () => Promise<void>): KeepQueue {
  const waiting = new Map<string, (signal: AbortSignal) => Promise<void>>();
  let holders = 0;
  let timer: NodeJS.Timeout | undefined;
  let stop = new AbortController();
  let running: Promise<void> | undefined;

  const runAll = async (): Promise<void> => {
    const { signal } = stop;
    let did = false;
    for (let next = first(waiting); next !== undefined && !signal.aborted; next = first(waiting)) {
      const [name, work] = next;
      waiting.delete(name);
      // A piece of work says itself what went wrong; the queue goes on.
      await work(signal).catch(() => undefined);
      if (signal.aborted && !waiting.has(name)) waiting.set(name, work);
      did = true;
    }
    if (did && !signal.aborted) await afterwards().catch(() => undefined);
  };
  const start = (): Promise<void> => {
    running ??= runAll().finally(() => {
      running = undefined;
      if (holders === 0 && waiting.size > 0 && !stop.signal.aborted) later();
    });
    return running;
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void start(), restMs);
    // It must not keep a program from ending that has nothing else to do.
    timer.unref();
  };

  return {
    hold() {
      holders++;
      clearTimeout(timer);
      stop.abort();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        if (--holders > 0) return;
        stop = new AbortController();
        if (waiting.size > 0) later();
      };
    },

    add(name, work) {
      waiting.set(name, work);
      if (holders === 0) later();
    },

    async finish(limitMs) {
      clearTimeout(timer);
      if (stop.signal.aborted) stop = new AbortController();
      const late = setTimeout(() => stop.abort(), limitMs);
      // What was stopped before a moment ago ends first, and then the rest has its turn.
      await running;
      if (!stop.signal.aborted) await start();
      clearTimeout(late);
      waiting.clear();
    },
  };
}

function first<K, V>(map: ReadonlyMap<K, V>): [K, V] | undefined {
  return map.entries().next().value;
}
