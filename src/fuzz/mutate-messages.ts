import type { FuzzInput, Outcome } from './check-damaged.js';

/** What a worker of `mutate.ts` is given. */
export interface WorkerOrders {
  readonly inputs: readonly FuzzInput[];
  readonly seed: number;
  /** The numbers `first`, `first + step`, ... below `end` are its own. */
  readonly first: number;
  readonly step: number;
  readonly end: number;
  /** Two 32-bit words: the number it works on, and how many it has begun. The watchdog reads them. */
  readonly progress: SharedArrayBuffer;
}

/** What it sends: counts now and then, defects at once. */
export type WorkerNews =
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>>; readonly slowest: Slowest }
  | { readonly kind: 'defect'; readonly number: number; readonly outcome: Outcome & { readonly kind: 'defect' } };

export interface Slowest {
  readonly number: number;
  readonly milliseconds: number;
}
