import type { ControlRequest } from '../control/protocol.js';
import type { CommandIo } from './io.js';
import type { ProjectOptions } from './project.js';
import { askAndShow } from './show.js';
import type { ViewName } from './view.js';

export interface RollbackOptions extends ProjectOptions {
  readonly module: string;
  /** Null for the generation that ran before. */
  readonly to: number | null;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly view: ViewName;
}

/** `hotmod rollback <module>`: has the running session go back to an earlier generation, and shows what comes of it. */
export function rollback(options: RollbackOptions, io: CommandIo): Promise<number> {
  const { module, to, dryRun, force } = options;
  const request = { method: 'rollback', module, to, dryRun, force } as const satisfies ControlRequest;
  return askAndShow(options, request, io);
}
