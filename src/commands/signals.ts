import { constants } from 'node:os';

const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * A Ctrl+C reaches every process of the terminal's group, and npm and other parents pass it on once more: what comes
 * this soon after the first is an echo of it, not a second wish.
 */
const echoMs = 150;

export interface Signals extends Disposable {
  /** Settles with the first signal that asks the program to end. */
  readonly first: Promise<NodeJS.Signals>;
  /** Calls this when a second one comes: whoever asks twice means now. */
  onSecond(action: (signal: NodeJS.Signals) => void): void;
  /** The same as a second signal; for a key that was pressed again after it had asked for the end. */
  force(signal: NodeJS.Signals): void;
}

/** Listens for the signals that end a program, until disposed. */
export function listenForSignals(process: NodeJS.EventEmitter): Signals {
  const first = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | null = null;
  let second: (signal: NodeJS.Signals) => void = () => {};

  const raise = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      first.resolve(signal);
    } else if (now - firstAt > echoMs) second(signal);
  };
  const listeners = ending.map((signal) => ({ signal, listener: () => raise(signal) }));
  for (const { signal, listener } of listeners) process.on(signal, listener);

  return {
    first: first.promise,
    force: (signal) => second(signal),
    onSecond(action) {
      second = action;
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}

/** 128+n, as shells report a program that a signal ended. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
