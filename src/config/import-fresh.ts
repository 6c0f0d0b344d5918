import { readFile } from 'node:fs/promises';
import { createJiti, type Jiti, type JitiOptions } from 'jiti';
import { defineConfig } from './define.js';

export interface FreshImport {
  readonly hasDefault: boolean;
  readonly value: unknown;
  /** The file and every file of the project it imported. */
  readonly files: readonly string[];
}

/**
 * Imports a config written in TypeScript or JavaScript as it is on disk now, together with what it imports. Node
 * keeps every module it has imported for the life of the process, so the config is loaded past that cache: an edit
 * while `dev` runs must be seen.
 *
 * `hotmod` itself is given by hand, because a project that is run with a global or npx hotmod has none to import.
 */
export async function importFresh(file: string): Promise<FreshImport> {
  const files = new Set([file]);
  const options: JitiOptions = { fsCache: false, moduleCache: false, interopDefault: false };
  const transformer = createJiti(file, options);
  const jiti = createJiti(file, {
    ...options,
    virtualModules: { hotmod: { defineConfig } },
    transform(input) {
      if (input.filename !== undefined) files.add(input.filename);
      return { code: transformer.transform(input) };
    },
  });
  const source = await readFile(file, 'utf8');
  const exported = await evaluate(jiti, file, source);
  const hasDefault = typeof exported === 'object' && exported !== null && 'default' in exported;
  return { hasDefault, value: hasDefault ? exported.default : undefined, files: [...files] };
}

/**
 * Imports that are waited for jiti leaves to Node where they are ES modules already (`.mjs`, and `.js` in a package of type
 * "module"), and so to Node's cache. So nothing is waited for, unless the file itself does so at its top level; then what it
 * imports of those is seen once.
 */
async function evaluate(jiti: Jiti, file: string, source: string): Promise<unknown> {
  const options = { filename: file, id: file, forceTranspile: true };
  try {
    return jiti.evalModule(source, { ...options, async: false });
  } catch (error) {
    const waits =
      error instanceof Error && error.name === 'SyntaxError' && error.message.startsWith('await is only valid');
    if (!waits) throw error;
    return await jiti.evalModule(source, { ...options, async: true });
  }
}
