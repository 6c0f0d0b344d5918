import type { HostEnd } from './host.js';
import { signalName } from './signals.js';
import { noStack } from './stack.js';
import type { EngineStatus, StatusLane } from './status.js';

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** `close` was called. */
  readonly expected: boolean;
  /** `kill` was called, so that whatever module was running has no part in it. */
  readonly killed: boolean;
  /** The call the watchdog ended the process for. */
  readonly hung: StatusLane | null;
}

type Culprit = Pick<HostEnd, 'module' | 'generation' | 'call' | 'frames'> & Partial<Pick<HostEnd, 'address' | 'stack'>>;

const nobody: Culprit = { module: '', generation: 0, call: '', frames: 0 };

/** Puts the exit status together with what the engine wrote last. The engine's own word goes before the system's. */
export function describeEnd(end: ProcessEnd, status: EngineStatus | null): HostEnd {
  const { expected } = end;
  if (end.hung !== null) {
    // A call that has returned meanwhile left no stack of its own.
    const asked = status?.hang.sequence === end.hung.sequence;
    return {
      expected,
      how: 'hang',
      recorded: true,
      ...culprit(end.hung),
      ...(asked ? { stack: status.hang.stack } : {}),
    };
  }
  if (status !== null && status.end.how === 'exit')
    return { expected, how: 'exit', recorded: true, ...culprit(status.end) };
  if (status !== null && status.end.how === 'signal') {
    return { expected, how: signalName(status.end.signal), recorded: true, ...culprit(status.end) };
  }
  const busy = end.killed ? undefined : status?.lanes.find((lane) => lane.busy);
  const during = culprit(busy ?? nobody);
  if (end.signal !== null) return { expected, how: end.signal, recorded: false, ...during };
  // _exit() and quick_exit() run no exit handler: that a call was under way tells all the same.
  return { expected, how: busy === undefined ? `code ${end.code ?? 0}` : 'exit', recorded: false, ...during };
}

function culprit(from: Culprit): Required<Culprit> {
  const { module, generation, call, frames, address = 0n, stack = noStack } = from;
  return { module, generation, call, frames, address, stack };
}
