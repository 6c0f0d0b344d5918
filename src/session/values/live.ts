import type { EventType, SessionEvent } from '../../events/events.js';
import { HostGone } from '../../host/host.js';
import type { Context } from '../context.js';
import { createStateWatch } from './watch-state.js';

/**
 * While nobody does anything the program is looked at every two seconds: a look, and the drawing that follows, cost up
 * to 6 ms of processor time, and an idle session has to stay below one per cent of a core. A little less than two, so that
 * output, which views draw once in two seconds by then (ui/store.ts), is drawn with it.
 */
const idleIntervalMs = 1950;
const idleAfterMs = 30_000;
/**
 * New code shows what it does at once; but where hundreds of modules come up one after the other, a look at all of them
 * after each one would be most of what the session does.
 */
const leastBetweenLooksMs = 100;
/** What the running program does by itself is no sign of somebody at work. */
const ownEvents: ReadonlySet<EventType> = new Set(['host:stats', 'module:view', 'module:state', 'host:output']);

export interface Live {
  /**
   * Emits the frame statistics, and the text of each module's view where it changed, every `intervalMs`, less often
   * while nothing else happens. Asks again only after the answer has come, so a slow host is never piled up with
   * questions.
   *
   * @returns its end.
   */
  start(intervalMs: number): () => void;
  /** The module whose variables are looked at and emitted too, as `module:state`; null for none. */
  watchState(module: string | null): void;
  /** Somebody changed something: look now, and often for a while. */
  wake(): void;
}

export function createLive(context: Context): Live {
  let wake = (): void => {};
  const state = createStateWatch(context);
  return {
    start(intervalMs) {
      const watch = watchProgram(context, intervalMs, state.look);
      wake = watch.wake;
      return watch.end;
    },
    watchState(module) {
      state.watch(module);
      if (module !== null) wake();
    },
    wake: () => wake(),
  };
}

function watchProgram(
  context: Context,
  intervalMs: number,
  lookAtState: () => Promise<SessionEvent | null>,
): { readonly wake: () => void; readonly end: () => void } {
  const texts = new Map<string, string>();
  let last = '';
  let timer: NodeJS.Timeout | null = null;
  let ended = false;
  let looking = false;
  let awakeUntil = performance.now() + idleAfterMs;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const plan = (delay: number): void => {
    if (timer !== null) clearTimeout(timer);
    timer = ended ? null : setTimeout(() => void look(), delay);
  };

  const look = async (): Promise<void> => {
    looking = true;
    try {
      const { host, bus } = context;
      // Both questions in one go, so that two processes wake up once for them.
      const [{ frame, rate, paused, tickUs }, views] = await Promise.all([host.stats(), host.views()]);
      const state = await lookAtState();
      // Emitted in one go, so that a view draws once and shows text and frame counter of the same moment.
      const now = `${frame} ${rate} ${paused}`;
      if (now !== last) bus.emit({ type: 'host:stats', frame, rate, paused, tickUs });
      last = now;
      for (const { module, text } of views) {
        if (texts.get(module) === text) continue;
        texts.set(module, text);
        bus.emit({ type: 'module:view', module, text });
      }
      if (state !== null) bus.emit(state);
    } catch (error) {
      if (!(error instanceof HostGone)) throw error;
    }
    looking = false;
    lookedAt = performance.now();
    plan(performance.now() < awakeUntil ? intervalMs : Math.max(intervalMs, idleIntervalMs));
  };

  const lookNow = (): void => {
    awakeUntil = performance.now() + idleAfterMs;
    if (!looking) plan(Math.max(0, lookedAt + leastBetweenLooksMs - performance.now()));
  };
  const off = context.bus.on((event) => {
    if (ownEvents.has(event.type)) return;
    const slept = performance.now() >= awakeUntil;
    awakeUntil = performance.now() + idleAfterMs;
    // New code shows what it does at once.
    if (slept || event.type === 'reload:done') lookNow();
  });

  void look();
  return {
    wake: lookNow,
    end() {
      ended = true;
      off();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
