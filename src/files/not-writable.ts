import { exitCode, HotmodError, messageOf } from '../errors.js';

/** A folder that a command cannot do without, and that the system does not let it write to. */
export function notWritable(dir: string, cause: unknown): HotmodError {
  return new HotmodError('HM210', `The folder ${dir} cannot be written: ${messageOf(cause)}.`, {
    hint: 'Make room on the disk, or give yourself the right to write there.',
    exitCode: exitCode.missing,
    cause,
  });
}
