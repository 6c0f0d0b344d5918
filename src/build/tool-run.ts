import type { RunResult } from './run.js';

/** How a tool did its work. */
export interface ToolRun {
  /** In a process that was loaded already. */
  readonly warm: boolean;
  /** Why the plain command did it in the place of a loaded one; empty where nothing of that kind happened. */
  readonly fallback: string;
  /** The first lines of the source came from a precompiled header. */
  readonly precompiled: boolean;
}

export const notRun: ToolRun = { warm: false, fallback: '', precompiled: false };

export function toolRunOf({ warm = false, fallback = '' }: RunResult, precompiled = false): ToolRun {
  return { warm, fallback, precompiled };
}
