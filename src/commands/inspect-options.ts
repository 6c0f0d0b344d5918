import type { ProjectOptions } from './project.js';

/** What `hotmod inspect` is asked for: live values, or layouts. */
export interface InspectOptions extends ProjectOptions {
  /** A module; with `layout` also a library or object file. */
  readonly target: string | null;
  /** Null for all variables. */
  readonly path: string | null;
  readonly elements: number;
  readonly follow: number;
  readonly watch: boolean;
  /** A type's name, `all` layouts, or null for values. */
  readonly layout: { readonly type: string | null; readonly lineSize: number } | null;
  /** Two files whose layouts are compared. */
  readonly diff: readonly string[];
  readonly json: boolean;
  /** Settles when the user wants it to end. */
  readonly stop: Promise<NodeJS.Signals>;
}
