import { glob, readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { caseSchema, type ReloadCase } from './schema.js';

/** A case as found on disk. */
export interface FoundCase {
  /** The case.json, absolute. */
  readonly file: string;
  readonly dir: string;
  readonly text: string;
  readonly reloadCase: ReloadCase;
}

/**
 * Finds and reads the cases below the given paths (folders, or single case.json files), in the order of their paths.
 *
 * @throws HotmodError HM111 where a path does not exist, HM112 where no case was found, HM113 where one is not valid.
 */
export async function findCases(cwd: string, paths: readonly string[]): Promise<readonly FoundCase[]> {
  const files = new Set<string>();
  for (const path of paths.map((given) => resolve(cwd, given))) {
    const found = await stat(path).catch((error: unknown) => {
      throw new HotmodError('HM111', `There is no ${path}: ${messageOf(error)}.`, {
        hint: 'Give the folder of a case, or a folder that holds some.',
        exitCode: exitCode.usage,
      });
    });
    if (found.isFile()) files.add(path);
    else for await (const name of glob('**/case.json', { cwd: path })) files.add(resolve(path, name));
  }
  if (files.size === 0) {
    throw new HotmodError('HM112', `No reload case was found in ${paths.join(', ')}.`, {
      hint: 'A case is a folder with a case.json; README, "Reload cases", shows one.',
      exitCode: exitCode.usage,
    });
  }
  return Promise.all([...files].sort().map(read));
}

async function read(file: string): Promise<FoundCase> {
  const text = await readFile(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notValid(file, messageOf(error));
  }
  const parsed = caseSchema.safeParse(value);
  if (!parsed.success) throw notValid(file, z.prettifyError(parsed.error));
  return { file, dir: dirname(file), text, reloadCase: parsed.data };
}

function notValid(file: string, why: string): HotmodError {
  return new HotmodError('HM113', `${file} is not a reload case (in ${basename(dirname(file))}): ${why}`, {
    hint: 'README, "Reload cases", shows the form.',
    exitCode: exitCode.usage,
  });
}
