import { exitCode, HotmodError } from '../errors.js';
import type { Context } from './context.js';

/**
 * The modules that still run what one transaction brought in place of another version.
 *
 * @param number of the transaction in this session, as in `t7`; null for the newest of which something still runs.
 * @throws HotmodError HM527 where there is none.
 */
export function modulesOfTransaction({ records }: Pick<Context, 'records'>, number: number | null): readonly string[] {
  const brought = [...records.values()].flatMap(({ settings, running, cameWith }) =>
    cameWith !== null && running?.generation === cameWith.generation
      ? [{ module: settings.name, transaction: cameWith.transaction }]
      : [],
  );
  const wanted = number ?? Math.max(0, ...brought.map((one) => one.transaction));
  const modules = brought.filter((one) => one.transaction === wanted).map((one) => one.module);
  if (modules.length > 0) return modules;
  throw new HotmodError('HM527', nothingLeft(number), {
    hint: '"hotmod history" has every version with its outcome; "hotmod rollback <modules...>" goes back with those you name.',
    exitCode: exitCode.refused,
  });
}

function nothingLeft(number: number | null): string {
  if (number === null) return 'No reload of this session is left that could be taken back.';
  return `Nothing runs any more of what transaction t${number} of this session reloaded.`;
}
