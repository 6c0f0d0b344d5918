import { HostGone } from '../host/host.js';
import type { Context } from './context.js';

/**
 * Emits the frame statistics, and the text of each module's view where it changed, every `intervalMs`. Asks again
 * only after the answer has come, so a slow host is never piled up with questions.
 *
 * @returns its end.
 */
export function live(context: Context, intervalMs: number): () => void {
  const texts = new Map<string, string>();
  let last = '';
  let timer: NodeJS.Timeout | null = null;
  let ended = false;

  const look = async (): Promise<void> => {
    try {
      const { host, bus } = context;
      const { frame, rate, paused, tickUs } = await host.stats();
      const now = `${frame} ${rate} ${paused}`;
      if (now !== last) bus.emit({ type: 'host:stats', frame, rate, paused, tickUs });
      last = now;
      for (const { module, text } of await host.views()) {
        if (texts.get(module) === text) continue;
        texts.set(module, text);
        bus.emit({ type: 'module:view', module, text });
      }
    } catch (error) {
      if (!(error instanceof HostGone)) throw error;
    }
    if (!ended) timer = setTimeout(() => void look(), intervalMs);
  };

  void look();
  return () => {
    ended = true;
    if (timer !== null) clearTimeout(timer);
  };
}
