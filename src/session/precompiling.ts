import { createIdleWork } from '../build/idle-work.js';
import type { Precompiling } from '../build/pch/precompiled.js';
import type { SessionEvent } from '../events/events.js';

/** Has precompiled headers made between builds, until it is disposed of. One for all builders of a session. */
export function openPrecompiling(say: (event: SessionEvent) => void): Precompiling & AsyncDisposable {
  const idle = createIdleWork();
  return {
    idle,
    onProblem: (problem) => say({ type: 'session:problem', ...problem }),
    [Symbol.asyncDispose]: () => idle[Symbol.asyncDispose](),
  };
}
