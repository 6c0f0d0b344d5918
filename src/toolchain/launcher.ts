import { exitCode, HotmodError } from '../errors.js';
import type { Environment } from './probe.js';
import { which } from './which.js';

/**
 * The words that stand before each compile command, the program among them as an absolute path. None for none.
 *
 * @throws HotmodError HM229 where the program is not there, with exit code 3
 */
export async function findLauncher(words: readonly string[], env: Environment): Promise<readonly string[]> {
  const [name, ...args] = words;
  if (name === undefined) return [];
  const file = await which(name, env.PATH ?? '');
  if (file !== null) return [file, ...args];
  throw new HotmodError('HM229', `The launcher "${name}" of the config was not found.`, {
    hint: `Install it (its package is mostly called ${name.split('/').at(-1)}), name it by its absolute path, or remove \`build.launcher\` (and HOTMOD_LAUNCHER).`,
    exitCode: exitCode.missing,
  });
}
