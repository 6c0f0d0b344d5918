import type { Level } from '../events/events.js';

/** Whether a verdict lets a reload go on. UNSAFE only where that was asked for; BLOCKED never. */
export function isAcceptable(level: Level, acceptUnsafe: boolean): boolean {
  return level === 'SAFE' || level === 'WARNING' || (level === 'UNSAFE' && acceptUnsafe);
}
