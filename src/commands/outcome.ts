import { exitCode } from '../errors.js';
import type { EventOf } from '../events/events.js';

/** The exit code that stands for what became of a reload. */
export function exitCodeOf(event: Pick<EventOf<'reload:done'>, 'outcome'>): number {
  switch (event.outcome) {
    case 'loaded':
    case 'reloaded':
      return exitCode.ok;
    case 'refused':
      return exitCode.refused;
    case 'rolledBack':
      return exitCode.crashed;
    case 'buildFailed':
    case 'failed':
      return exitCode.failed;
  }
}
