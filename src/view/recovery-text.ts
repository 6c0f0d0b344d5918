import type { RecoveryCounts } from '../events/events.js';
import { formatMs } from './format.js';

/** `3 (2 segv, 1 hang), 3 of 3 recovered (100 %) in 0.05 ms on average, p99 0.12 ms`. */
export function recoveryText({ crashes, byClass, tried, recovered, rate, recoveryMs }: RecoveryCounts): string {
  const classes = Object.entries(byClass).map(([name, count]) => `${count} ${name}`);
  const words = [`${crashes} (${classes.join(', ')})`];
  if (rate !== null) words.push(`${recovered} of ${tried} recovered (${Math.round(rate * 100)} %)`);
  if (recoveryMs === null) return words.join(', ');
  const { mean, p99 } = recoveryMs;
  return `${words.join(', ')} in ${formatMs(mean)} on average, p99 ${formatMs(p99)}`;
}
