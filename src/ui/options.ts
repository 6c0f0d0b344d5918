import type { Bus } from '../events/bus.js';
import type { UiActions } from '../view/actions.js';

export interface UiOptions {
  readonly bus: Bus;
  readonly actions: UiActions;
  /** A terminal; the caller has made sure of that (stdin and stdout are terminals, not in CI, TERM is not dumb). */
  readonly stdout: NodeJS.WritableStream;
  readonly stdin: NodeJS.ReadableStream;
  /** Decides alone about colour: NO_COLOR and `--color` are looked at by the caller. */
  readonly color: boolean;
  /** False where the locale is not UTF-8. */
  readonly unicode: boolean;
}

export interface Ui {
  /** Draws what is still to come, takes the live screen away, gives the terminal back. May be called twice. */
  unmount(): Promise<void>;
  /** Settles when the screen is gone, by `unmount` or because the terminal was closed; never rejects. */
  readonly done: Promise<void>;
}
