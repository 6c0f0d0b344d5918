import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bus } from '../events/bus.js';

/** Long enough for the next save of somebody at work to have come. */
const quietMs = 10_000;
/**
 * Less than this is not worth the pause of some hundred milliseconds, nor that the collection forgets compiled code as well:
 * what runs next runs slower for a while. Sessions of a few modules never come there.
 */
const worthwhileBytes = 240 * 1024 * 1024;

/**
 * Gives memory back to the system when the session has been quiet for a while. A save that changes a thousand modules takes
 * some hundred megabytes on its way, and V8 keeps them for the next time; only a collection for when memory is short
 * (`last-resort`) lets go of them.
 *
 * @returns its end.
 */
export function giveBackMemory(bus: Bus, giveBack: () => void = collectAll): () => void {
  let timer: NodeJS.Timeout | undefined;
  const off = bus.on(({ type }) => {
    if (type !== 'session:idle' && type !== 'build:start') return;
    clearTimeout(timer);
    if (type === 'session:idle') timer = setTimeout(giveBack, quietMs).unref();
  });
  return () => {
    clearTimeout(timer);
    off();
  };
}

/**
 * What a drawing or a save makes is gone a moment later, so that collecting it costs next to nothing where it all fits into
 * V8's memory for young objects. But V8 leaves a session that does little 1 MB for them, of which one drawing takes 2 to 3, and
 * then only doubles it, now and then. What outlives such a collection by chance makes a full one necessary after 80 seconds.
 * To 8 MB at once costs 20 MB of memory and saves a quarter of what the conductor of an idle session computes.
 */
export function growYoungMemoryFast(): void {
  setFlagsFromString('--semi-space-growth-factor=8');
}

function collectAll(): void {
  if (process.memoryUsage.rss() < worthwhileBytes) return;
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
