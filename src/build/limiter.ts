export interface Limiter {
  /**
   * Runs `work` when one of the slots is free, first come first served. Undefined where the signal was aborted before
   * its turn came; the work is then never started.
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined>;
}

/** At most `slots` pieces of work at once, shared by all modules that are being built. */
export function createLimiter(slots: number): Limiter {
  const waiting: (() => void)[] = [];
  let free = Math.max(1, slots);

  return {
    async run(signal, work) {
      if (signal.aborted) return undefined;
      if (free > 0) free--;
      else if (!(await turn(waiting, signal))) return undefined;
      try {
        return await work();
      } finally {
        // A slot is handed to the next in line without ever counting as free, so that nobody can jump the queue.
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}

/** True when a slot was handed over, false when the signal came first and the place in line was given up. */
function turn(waiting: (() => void)[], signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const take = (): void => {
      signal.removeEventListener('abort', leave);
      resolve(true);
    };
    const leave = (): void => {
      const place = waiting.indexOf(take);
      if (place < 0) return;
      waiting.splice(place, 1);
      resolve(false);
    };
    waiting.push(take);
    signal.addEventListener('abort', leave, { once: true });
  });
}
