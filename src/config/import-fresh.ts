import { createJiti, type JitiOptions } from 'jiti';
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
  const exported = await jiti.import(file);
  const hasDefault = typeof exported === 'object' && exported !== null && 'default' in exported;
  return { hasDefault, value: hasDefault ? exported.default : undefined, files: [...files] };
}
