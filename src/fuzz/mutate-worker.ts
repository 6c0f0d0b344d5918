import { parentPort, workerData } from 'node:worker_threads';
import { checkDamaged } from './check-damaged.js';
import type { WorkerNews, WorkerOrders } from './mutate-messages.js';

/** Counts are sent together, because a message costs more than a check. */
const together = 200;

/** The part of `mutate.ts` that may hang or run out of memory. */
function work({ inputs, seed, first, step, end, progress }: WorkerOrders): void {
  const now = new Int32Array(progress);
  let counts: Record<string, number> = {};
  let slowest = { number: first, milliseconds: 0 };
  const send = (news: WorkerNews): void => parentPort?.postMessage(news);
  const flush = (): void => {
    send({ kind: 'counts', counts, slowest });
    counts = {};
  };

  for (let number = first, done = 1; number < end; number += step, done++) {
    Atomics.store(now, 0, number);
    Atomics.store(now, 1, done);
    const started = performance.now();
    const outcome = checkDamaged(inputs, seed, number);
    const milliseconds = performance.now() - started;
    if (milliseconds > slowest.milliseconds) slowest = { number, milliseconds };
    const kind = outcome.kind === 'refused' ? outcome.problem : outcome.kind;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (outcome.kind === 'defect') send({ kind: 'defect', number, outcome });
    if (done % together === 0) flush();
  }
  flush();
}

work(workerData);
