import type { CommandIo } from './io.js';
import type { ProjectOptions } from './project.js';
import { askAndShow } from './show.js';
import type { ViewName } from './view.js';

export interface UnpinOptions extends ProjectOptions {
  readonly module: string;
  readonly view: ViewName;
}

/** `hotmod unpin <module>`: lets a module go with its source again, and brings it up to date at once. */
export async function unpin(options: UnpinOptions, io: CommandIo): Promise<number> {
  return askAndShow(options, { method: 'unpin', module: options.module }, io);
}
