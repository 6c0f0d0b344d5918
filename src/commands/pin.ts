import type { CommandIo } from './io.js';
import type { ProjectOptions } from './project.js';
import { askAndShow } from './show.js';
import type { ViewName } from './view.js';

export interface PinOptions extends ProjectOptions {
  readonly module: string;
  /** Null for the generation that runs. */
  readonly at: number | null;
  readonly view: ViewName;
}

/** `hotmod pin <module>`: has a module stay at a generation, whatever its source says. */
export function pin(options: PinOptions, io: CommandIo): Promise<number> {
  const { module, at } = options;
  return askAndShow(options, { method: 'pin', module, at }, io);
}
