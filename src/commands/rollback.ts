import type { ControlRequest } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import type { CommandIo } from './io.js';
import type { ProjectOptions } from './project.js';
import { askAndShow } from './show.js';
import type { ViewName } from './view.js';

export interface RollbackOptions extends ProjectOptions {
  /** Empty where a transaction is named. */
  readonly modules: readonly string[];
  /** Of a single module; null for the generation that ran before. */
  readonly to: number | null;
  /** The number of a transaction of the session, or its last one; null where modules are named. */
  readonly transaction: number | 'last' | null;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly view: ViewName;
}

/**
 * `hotmod rollback <modules...>`: has the running session go back to earlier generations, several in one transaction, and
 * shows what comes of it.
 *
 * @throws HotmodError HM526 where it is not clear what is to go back.
 */
export function rollback(options: RollbackOptions, io: CommandIo): Promise<number> {
  const { modules, to, transaction, dryRun, force } = options;
  const ways = (modules.length > 0 ? 1 : 0) + (transaction === null ? 0 : 1);
  if (ways !== 1)
    throw unclear(ways === 0 ? 'Nothing says what is to go back' : 'Both modules and a transaction are named');
  if (to !== null && modules.length !== 1) throw unclear('--to is a generation of one module');
  const number = transaction === 'last' ? null : transaction;
  const request: ControlRequest = { method: 'rollback', modules: [...modules], to, transaction: number, dryRun, force };
  return askAndShow(options, request, io);
}

function unclear(what: string): HotmodError {
  return new HotmodError('HM526', `${what}.`, {
    hint: 'Name modules ("hotmod rollback a b"), one with its generation ("hotmod rollback a --to 3"), or a transaction (--last, --transaction 7).',
    exitCode: exitCode.usage,
  });
}
