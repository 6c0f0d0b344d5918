import { createIdleWork } from '../build/idle-work.js';
import type { Precompiling } from '../build/pch/precompiled.js';
import type { SessionEvent } from '../events/events.js';

/** Of the edit of a header in a thousand files, the last files are made one for. */
const mostWaiting = 8;

/** Has precompiled headers made between builds, until it is disposed of. One for all builders of a session. */
export function openPrecompiling(say: (event: SessionEvent) => void): Precompiling & AsyncDisposable {
  const idle = createIdleWork({ most: mostWaiting });
  return {
    idle,
    onProblem: (problem) => say({ type: 'session:problem', ...problem }),
    [Symbol.asyncDispose]: () => idle[Symbol.asyncDispose](),
  };
}
