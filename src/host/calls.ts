import { type HostEnd, HostGone } from './host.js';
import type { HostAnswer, HostCall, ParentMessage } from './protocol.js';

/** Questions to the child that wait for their answers. */
export interface Calls {
  ask(call: HostCall): Promise<HostAnswer>;
  answer(id: number, answer: HostAnswer): void;
  /** Rejects everything that waits, and everything that is asked from now on. */
  abandon(end: HostEnd): void;
}

export function createCalls(send: (message: ParentMessage) => void): Calls {
  const waiting = new Map<number, PromiseWithResolvers<HostAnswer>>();
  let gone: HostGone | null = null;
  let ids = 0;
  return {
    ask(call) {
      if (gone !== null) return Promise.reject(gone);
      ids += 1;
      const waiter = Promise.withResolvers<HostAnswer>();
      waiting.set(ids, waiter);
      send({ type: 'call', id: ids, call });
      return waiter.promise;
    },
    answer(id, answer) {
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (answer.answer === 'failed') waiter?.reject(new Error(`The host could not do it: ${answer.message}`));
      else waiter?.resolve(answer);
    },
    abandon(end) {
      gone = new HostGone(`The host process ended (${end.how}) before it answered.`);
      for (const waiter of waiting.values()) waiter.reject(gone);
      waiting.clear();
    },
  };
}
