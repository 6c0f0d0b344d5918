import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { isRecord } from './form.js';
import { parseJson } from './read-json.js';

export const configFileNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (extension) => `hotmod.config.${extension}`,
);

/** Where the settings stand: a file, or the `hotmod` key of a package.json. */
export interface ConfigSource {
  readonly file: string;
  readonly kind: 'module' | 'json' | 'package.json';
}

/**
 * The one config of a project, null where there is none.
 *
 * @param root the project, absolute; only this folder is looked at, never the ones above it.
 * @param given a file named by the user, relative to root; it must exist.
 * @throws HotmodError HM101
 */
export async function findConfig(root: string, given: string | undefined): Promise<ConfigSource | null> {
  if (given !== undefined) return namedConfig(path.resolve(root, given));
  const found = await Promise.all([
    ...configFileNames.map((name) => fileSource(path.join(root, name))),
    packageSource(path.join(root, 'package.json')),
  ]);
  const [first, second] = found.filter((source) => source !== null);
  if (first !== undefined && second !== undefined) {
    throw new HotmodError(
      'HM101',
      `${root} has two configs, ${path.basename(first.file)} and ${path.basename(second.file)}, and only one can count.`,
      { hint: 'Keep one of them, or name one with --config.', exitCode: exitCode.usage },
    );
  }
  return first ?? null;
}

async function namedConfig(file: string): Promise<ConfigSource> {
  const source = await fileSource(file);
  if (source !== null) return source;
  throw new HotmodError('HM101', `The config file ${file} does not exist.`, {
    hint: 'Check the path after --config or in HOTMOD_CONFIG; `hotmod init` writes a new config.',
    exitCode: exitCode.usage,
  });
}

async function fileSource(file: string): Promise<ConfigSource | null> {
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) return null;
  if (path.basename(file) === 'package.json') return { file, kind: 'package.json' };
  return { file, kind: file.endsWith('.json') ? 'json' : 'module' };
}

/**
 * A package.json that cannot be read counts as one without our key only where it does not name us: a project must
 * not run on defaults because of a comma too many.
 */
async function packageSource(file: string): Promise<ConfigSource | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isRecord(error) && error.code === 'ENOENT') return null;
    throw new HotmodError('HM101', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Make the file readable.',
      exitCode: exitCode.usage,
    });
  });
  if (text === null || !text.includes('"hotmod"')) return null;
  const value = parseJson(text, file);
  return isRecord(value) && value.hotmod !== undefined ? { file, kind: 'package.json' } : null;
}
