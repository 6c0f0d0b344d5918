/**
 * What a view may ask the session for. A view decides nothing and waits for nothing: what comes of a request, good or
 * bad, comes back as events. None of these may throw.
 */
export interface UiActions {
  reload(module: string): void;
  /** Like reload, but compiles everything anew. */
  rebuild(module: string): void;
  pause(): void;
  resume(): void;
  /** Runs one frame while paused. */
  step(): void;
  /** Goes back one generation, all of them in one transaction. */
  undo(modules: readonly string[]): void;
  /** Takes the version that a conflict asks about. */
  accept(module: string): void;
  /** Has the live variables of a module come as `module:state` events from now on; null for those of none. */
  watchState(module: string | null): void;
  quit(): void;
  /** The second Ctrl+C: end now. */
  forceQuit(): void;
  /** Shows the log file in the user's own way; absent where there is none, and then the key is not offered. */
  openLog?(): void;
}
